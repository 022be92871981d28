"""Leases get a table of their own, and indexes of recipients go by the line that these stand in instead of by their state.

Rewrites the table of recipients, and no process of an older release can work beside it: stop all of them first. What was being
sent is taken back by whoever looks next, here and on the way back.
"""

import json

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone


def lease(apps, schema_editor):
    sending = apps.get_model("gateway", "Recipient").objects.filter(state="sending")
    keys = list(sending.values_list("pk", flat=True))
    if keys:
        made = apps.get_model("gateway", "Lease").objects.create(until=timezone.now(), recipients=json.dumps(keys))
        sending.update(lease=made)


def end(apps, schema_editor):
    apps.get_model("gateway", "Recipient").objects.filter(state="sending").update(lease_until=timezone.now())


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_header_and_footer'),
        ('gateway', '0009_numbers_without_checks'),
    ]

    operations = [
        migrations.CreateModel(
            name='Lease',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('until', models.DateTimeField()),
                ('recipients', models.TextField(help_text='JSON: [key, ...]; as text, it is written in a third of the time.')),
            ],
        ),
        migrations.RemoveIndex(
            model_name='recipient',
            name='recipient_queued',
        ),
        migrations.RemoveIndex(
            model_name='recipient',
            name='recipient_deferred',
        ),
        migrations.RemoveIndex(
            model_name='recipient',
            name='recipient_sending',
        ),
        migrations.RemoveIndex(
            model_name='recipient',
            name='recipient_put_off',
        ),
        migrations.AddField(
            model_name='recipient',
            name='lease',
            field=models.ForeignKey(db_constraint=False, db_index=False, help_text='Of the last try.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='gateway.lease'),
        ),
        migrations.RunPython(lease, end),
        migrations.RemoveField(
            model_name='recipient',
            name='lease_until',
        ),
        migrations.AddField(
            model_name='recipient',
            name='line',
            field=models.GeneratedField(db_persist=True, expression=models.Case(models.When(models.Q(('state', 'queued'), models.Q(('next_attempt_at', None), ('state', 'sending')), _connector='OR'), then=models.Value(1)), models.When(state__in=['deferred', 'sending'], then=models.Value(2)), models.When(state='held', then=models.Value(3))), output_field=models.SmallIntegerField(choices=[(1, 'Fresh'), (2, 'Later'), (3, 'Held')], null=True)),
        ),
        migrations.AddIndex(
            model_name='recipient',
            index=models.Index(condition=models.Q(('line', 1)), fields=['account', 'priority', 'id'], name='recipient_fresh'),
        ),
        migrations.AddIndex(
            model_name='recipient',
            index=models.Index(condition=models.Q(('line', 2)), fields=['next_attempt_at', 'id'], name='recipient_later'),
        ),
        migrations.AddIndex(
            model_name='recipient',
            index=models.Index(condition=models.Q(('line__in', [2, 3])), fields=['account', 'priority', 'id'], name='recipient_put_off'),
        ),
    ]
