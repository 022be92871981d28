"""All tables, and what finding events and counting them needs of PostgreSQL beyond the models.

The index over the words of an event makes a search of five million events take milliseconds instead of seconds. It needs the
extension pg_trgm, which comes with PostgreSQL and which the owner of the database may add; where it is missing, or not allowed,
searches read all events of the account. The expression is that of tracking.queries.filters.Contains over SEARCHED.

Roll-ups change at every commit: room on their pages lets a change stay on its page, and takes no new entries in the indexes.
"""

import django.db.models.deletion
from django.db import Error, migrations, models, transaction

WORDS = "lower(subject || ' ' || sender || ' ' || recipient || ' ' || address || ' ' || host || ' ' || reply)"
STEPS = [
    "CREATE INDEX event_by_tag ON tracking_event USING gin (tags jsonb_path_ops)",
    "ALTER TABLE tracking_hourlystatistic SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)",
]
WITH_TRIGRAMS = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    f"CREATE INDEX event_by_words ON tracking_event USING gin ({WORDS} gin_trgm_ops)",
]


def shape(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for step in STEPS:
        schema_editor.execute(step)
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            for step in WITH_TRIGRAMS:
                schema_editor.execute(step)
    except Error:
        print("\n    pg_trgm is not to be had: searches for words read all events of an account.", end="")


class Migration(migrations.Migration):

    initial = True

    # Databases that have had all of these have nothing to do.
    replaces = [
        ('tracking', '0001_initial'),
        ('tracking', '0002_statistics_and_webhook_log'),
        ('tracking', '0003_fast_webhook_deliveries'),
        ('tracking', '0004_find_events'),
        ('tracking', '0005_search_events'),
        ('tracking', '0006_labels'),
        ('tracking', '0007_suppressions_by_cause'),
        ('tracking', '0008_numbers_without_checks'),
    ]

    dependencies = [
        ('accounts', '0001_tables'),
        ('domains', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='HitBatch',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField(auto_now_add=True, db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('pk', models.CompositePrimaryKey('at', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('id', models.BigIntegerField()),
                ('account_id', models.BigIntegerField()),
                ('domain_id', models.BigIntegerField(null=True)),
                ('smtp_user_id', models.BigIntegerField(null=True)),
                ('message_id', models.BigIntegerField()),
                ('recipient_id', models.BigIntegerField()),
                ('public_id', models.UUIDField(help_text='Of the message.')),
                ('position', models.IntegerField()),
                ('sequence', models.IntegerField()),
                ('type', models.CharField(choices=[('accepted', 'Accepted'), ('delivered', 'Delivered'), ('deferred', 'Deferred'), ('bounced', 'Bounced'), ('expired', 'Expired'), ('suppressed', 'Suppressed'), ('cancelled', 'Cancelled'), ('failed', 'Failed'), ('opened', 'Opened'), ('clicked', 'Clicked'), ('unsubscribed', 'Unsubscribed'), ('complained', 'Complained')], max_length=12)),
                ('subject', models.TextField(blank=True)),
                ('sender', models.CharField(max_length=320)),
                ('recipient', models.CharField(max_length=320)),
                ('recipient_domain', models.CharField(max_length=253)),
                ('tags', models.JSONField(default=list)),
                ('campaign', models.CharField(blank=True, max_length=250)),
                ('headers', models.JSONField(default=dict, help_text='Custom headers that the customer wants back.')),
                ('code', models.SmallIntegerField(default=0)),
                ('enhanced', models.CharField(blank=True, max_length=11)),
                ('reply', models.TextField(blank=True)),
                ('host', models.CharField(blank=True, max_length=253)),
                ('address', models.CharField(blank=True, help_text='The IP address behind the event.', max_length=45)),
                ('agent', models.TextField(blank=True)),
                ('url', models.TextField(blank=True)),
                ('category', models.CharField(blank=True, help_text='Whom or what a refusal is about.', max_length=16)),
                ('is_first', models.BooleanField(default=True, help_text='The first of its type for its recipient.')),
            ],
            options={
                'indexes': [models.Index(fields=['account_id', 'at', 'id'], name='event_by_account'), models.Index(fields=['message_id', 'id'], name='event_by_message'), models.Index(condition=models.Q(('type__in', ['accepted', 'delivered']), _negated=True), fields=['account_id', 'type', 'at', 'id'], name='event_by_rare_type')],
            },
        ),
        migrations.CreateModel(
            name='HourlyStatistic',
            fields=[
                ('pk', models.CompositePrimaryKey('account_id', 'hour', 'domain_id', 'smtp_user_id', 'campaign', 'tag', blank=True, editable=False, primary_key=True, serialize=False)),
                ('account_id', models.BigIntegerField()),
                ('hour', models.DateTimeField(help_text='Its beginning, in UTC.')),
                ('domain_id', models.BigIntegerField()),
                ('smtp_user_id', models.BigIntegerField()),
                ('campaign', models.CharField(max_length=250)),
                ('tag', models.CharField(max_length=250)),
                ('accepted', models.IntegerField(default=0)),
                ('delivered', models.IntegerField(default=0)),
                ('deferred', models.IntegerField(default=0)),
                ('bounced_hard', models.IntegerField(default=0)),
                ('bounced_soft', models.IntegerField(default=0)),
                ('bounced_block', models.IntegerField(default=0)),
                ('expired', models.IntegerField(default=0)),
                ('suppressed', models.IntegerField(default=0)),
                ('cancelled', models.IntegerField(default=0)),
                ('failed', models.IntegerField(default=0)),
                ('opened', models.IntegerField(default=0)),
                ('opened_unique', models.IntegerField(default=0)),
                ('clicked', models.IntegerField(default=0)),
                ('clicked_unique', models.IntegerField(default=0)),
                ('unsubscribed', models.IntegerField(default=0)),
                ('complained', models.IntegerField(default=0)),
            ],
            options={
                'indexes': [models.Index(fields=['account_id', 'tag', 'hour'], name='statistic_by_tag')],
            },
        ),
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.URLField(max_length=2000)),
                ('events', models.JSONField(default=list, help_text='Types of events; empty for all.')),
                ('format', models.CharField(choices=[('standard', 'Standard Webhooks'), ('sendclean', 'SendClean'), ('sendcloud', 'SendCloud'), ('octeth', 'Octeth')], default='standard', max_length=10)),
                ('sealed_key', models.BinaryField()),
                ('description', models.CharField(blank=True, max_length=250)),
                ('keeps_log', models.BooleanField(default=True)),
                ('is_active', models.BooleanField(default=True)),
                ('disabled_reason', models.CharField(blank=True, editable=False, max_length=250)),
                ('failures', models.PositiveIntegerField(default=0, editable=False, help_text='Tries that failed since the last success.')),
                ('paused_until', models.DateTimeField(blank=True, editable=False, help_text='The breaker is open until then.', null=True)),
                ('last_success_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('last_failure_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('failing_since', models.DateTimeField(blank=True, editable=False, help_text='First failure since a success.', null=True)),
                ('delivered', models.PositiveBigIntegerField(default=0, editable=False, help_text='Events that arrived.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='webhooks', to='accounts.account')),
                ('domain', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='webhooks', to='domains.senderdomain')),
                ('smtp_user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='webhooks', to='domains.smtpuser')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_at', models.DateTimeField()),
                ('event_id', models.BigIntegerField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sending', 'Sending'), ('done', 'Done'), ('failed', 'Failed')], default='waiting', max_length=8)),
                ('attempts', models.PositiveSmallIntegerField(default=0, help_text='Tries begun; fences every later move.')),
                ('attempts_before', models.PositiveSmallIntegerField(default=0, help_text='Tries begun before it was last replayed.')),
                ('next_attempt_at', models.DateTimeField()),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('batch', models.UUIDField(blank=True, help_text='Deliveries that go out in one body, in every try.', null=True)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('status', models.PositiveSmallIntegerField(default=0, help_text='HTTP status of the last answer.')),
                ('answer', models.TextField(blank=True, help_text='Beginning of the last answer, or what went wrong.')),
                ('webhook', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='deliveries', to='tracking.webhook')),
            ],
            options={
                'verbose_name_plural': 'webhook deliveries',
            },
        ),
        migrations.CreateModel(
            name='WebhookAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('at', models.DateTimeField()),
                ('seconds', models.FloatField(default=0)),
                ('status', models.PositiveSmallIntegerField(default=0, help_text='HTTP status; 0: there was no answer.')),
                ('answer', models.TextField(blank=True, help_text='Beginning of the answer, or what went wrong.')),
                ('delivery', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tries', to='tracking.webhookdelivery')),
            ],
        ),
        migrations.CreateModel(
            name='Label',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=255)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='labels', to='accounts.account')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'name'), name='label_once')],
            },
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.CharField(help_text='In lower case.', max_length=320)),
                ('cause', models.CharField(choices=[('bounced', 'Bounced'), ('complained', 'Complained'), ('unsubscribed', 'Unsubscribed'), ('manual', 'Added by hand')], default='manual', max_length=12)),
                ('source', models.CharField(blank=True, max_length=250)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='suppressions', to='accounts.account')),
            ],
            options={
                'indexes': [models.Index(fields=['account', 'cause', '-created_at', '-id'], name='suppression_newest')],
                'constraints': [models.UniqueConstraint(fields=('account', 'email'), name='suppression_once'), models.UniqueConstraint(condition=models.Q(('account__isnull', True)), fields=('email',), name='suppression_of_platform_once')],
            },
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['webhook', 'next_attempt_at'], name='webhook_waiting'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('state', 'sending')), fields=['lease_until'], name='webhook_sending'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('batch__isnull', False)), fields=['batch'], name='webhook_batch'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.UniqueConstraint(fields=('webhook', 'event_at', 'event_id'), name='webhook_delivery_once'),
        ),
        migrations.AddConstraint(
            model_name='webhookattempt',
            constraint=models.UniqueConstraint(fields=('delivery', 'number'), name='webhook_attempt_once'),
        ),
        migrations.RunPython(shape, migrations.RunPython.noop),
    ]
