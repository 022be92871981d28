"""All tables, and what the hot path needs of PostgreSQL beyond the models.

Ids are handed out in blocks of a thousand (gateway.base.bulk.BLOCK), and recipients leave room on their pages for the moves
between states. Files are kept out of line and not compressed: they are read whole and once, and seldom shrink. Bodies are
compressed by LZ4: mail of 10 KB to two fifths, of 40 KB to a fourth, at 1 µs a kilobyte, so that much less is written to the
log, kept on disk and read again to be sent. A server that was built without LZ4 keeps bodies as they are: its own way, pglz,
takes ten times as long.
"""

import django.db.models.deletion
import django.db.models.functions.text
import gateway.base.ids
from django.db import NotSupportedError, migrations, models, transaction

BODIES = ("html", "text", "raw")
STEPS = [
    "ALTER TABLE gateway_message ALTER COLUMN id SET INCREMENT BY 1000",
    "ALTER TABLE gateway_recipient ALTER COLUMN id SET INCREMENT BY 1000",
    "ALTER TABLE gateway_attachment ALTER COLUMN content SET STORAGE EXTERNAL",
    "ALTER TABLE gateway_recipient SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)",
]


def shape(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for step in STEPS:
            schema_editor.execute(step)
        compress(schema_editor)


def compress(schema_editor):
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            for name in BODIES:
                schema_editor.execute(f"ALTER TABLE gateway_content ALTER COLUMN {name} SET COMPRESSION lz4")
                schema_editor.execute(f"ALTER TABLE gateway_content ALTER COLUMN {name} SET STORAGE EXTENDED")
    except NotSupportedError:
        print("\n    PostgreSQL has no LZ4: bodies are not compressed.", end="")
        keep(schema_editor)


def keep(schema_editor):
    for name in BODIES:
        schema_editor.execute(f"ALTER TABLE gateway_content ALTER COLUMN {name} SET STORAGE EXTERNAL")
        schema_editor.execute(f"ALTER TABLE gateway_content ALTER COLUMN {name} SET COMPRESSION DEFAULT")


class Migration(migrations.Migration):

    initial = True

    # Databases that have had all of these have nothing to do.
    replaces = [
        ('gateway', '0001_initial'),
        ('gateway', '0002_hot_tables'),
        ('gateway', '0003_marks_of_recipients'),
        ('gateway', '0004_index_of_what_is_put_off'),
        ('gateway', '0005_progress_of_list_tasks'),
        ('gateway', '0006_name_sends_to_lists'),
        ('gateway', '0007_hold_sends_to_lists'),
        ('gateway', '0008_leave_keys_of_deleted_domains'),
        ('gateway', '0009_numbers_without_checks'),
        ('gateway', '0010_heap_only_claims'),
        ('gateway', '0011_compress_bodies'),
    ]

    dependencies = [
        ('accounts', '0001_tables'),
        ('domains', '0001_tables'),
        ('templates_app', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=gateway.base.ids.make_public_id, unique=True)),
                ('door', models.CharField(max_length=10)),
                ('accepted_at', models.DateTimeField()),
                ('send_at', models.DateTimeField(null=True)),
                ('subject', models.TextField(blank=True)),
                ('sender', models.CharField(help_text='Address in From.', max_length=320)),
                ('sender_name', models.TextField(blank=True)),
                ('headers', models.JSONField(default=list, help_text='Custom headers, [[name, value], ...]; reply_to apart.')),
                ('reply_to', models.JSONField(default=list, help_text='[[address, name], ...]')),
                ('options', models.JSONField(default=dict, help_text='Switches and variables that composing needs.')),
                ('tags', models.JSONField(default=list)),
                ('campaign', models.CharField(blank=True, max_length=250)),
                ('unique_id', models.CharField(blank=True, help_text='X-Unique-Id.', max_length=255)),
                ('is_raw', models.BooleanField(default=False, help_text='Submitted whole, by SMTP or sendRaw.')),
                ('size', models.BigIntegerField(default=0, help_text='Bytes of the bodies and files.')),
                ('files_size', models.BigIntegerField(default=0)),
                ('note', models.TextField(blank=True, help_text='What was noticed after acceptance, such as headers not added.')),
                ('client', models.CharField(blank=True, max_length=45)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='accounts.account')),
                ('domain', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='messages', to='domains.senderdomain')),
                ('smtp_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='messages', to='domains.smtpuser')),
                ('template_version', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='messages', to='templates_app.templateversion')),
            ],
        ),
        migrations.CreateModel(
            name='Lease',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('until', models.DateTimeField()),
                ('recipients', models.TextField(help_text='JSON: [key, ...]; as text, it is written in a third of the time.')),
            ],
        ),
        migrations.CreateModel(
            name='Content',
            fields=[
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='content', serialize=False, to='gateway.message')),
                ('html', models.TextField(blank=True)),
                ('text', models.TextField(blank=True)),
                ('raw', models.BinaryField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.SmallIntegerField()),
                ('filename', models.TextField(blank=True)),
                ('content_type', models.CharField(max_length=255)),
                ('content_id', models.CharField(blank=True, max_length=255)),
                ('content', models.BinaryField()),
                ('message', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='gateway.message')),
            ],
        ),
        migrations.CreateModel(
            name='ListTask',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='Among the lists of one call, from 0.')),
                ('list_address', models.CharField(blank=True, help_text='Of the list, which may be deleted meanwhile.', max_length=120)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('held', 'Held'), ('done', 'Done'), ('cancelled', 'Cancelled'), ('failed', 'Failed')], default='waiting', max_length=10)),
                ('next_at', models.DateTimeField(help_text="When to go on: the time of sending, or the end of a quota's window.", null=True)),
                ('cursor', models.BigIntegerField(default=0)),
                ('members', models.PositiveIntegerField(default=0, help_text='Of the list, as far as known.')),
                ('expanded', models.PositiveIntegerField(default=0, help_text='Members taken in.')),
                ('added', models.PositiveIntegerField(default=0, help_text='Recipients made of them; the others had been mailed already.')),
                ('suppressed', models.PositiveIntegerField(default=0, help_text='Recipients that are not mailed.')),
                ('error', models.TextField(blank=True, help_text='Why it waits, or how it ended, in a sentence.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='list_tasks', to='accounts.account')),
                ('address_list', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tasks', to='templates_app.addresslist')),
                ('message', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='list_tasks', to='gateway.message')),
                ('template', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tasks', to='templates_app.template')),
            ],
            options={
                'verbose_name': 'send to a list',
                'verbose_name_plural': 'sends to lists',
            },
        ),
        migrations.CreateModel(
            name='Recipient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.IntegerField(help_text='Counts over to, cc, bcc in order, from 0.')),
                ('kind', models.CharField(default='to', max_length=3)),
                ('email', models.CharField(max_length=320)),
                ('name', models.TextField(blank=True)),
                ('domain', models.CharField(help_text='Of the address: where the mail goes.', max_length=253)),
                ('variables', models.JSONField(help_text="Values of this recipient's merge fields, by bare name.", null=True)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('sending', 'Sending'), ('deferred', 'Deferred'), ('held', 'Held'), ('delivered', 'Delivered'), ('bounced', 'Bounced'), ('expired', 'Expired'), ('suppressed', 'Suppressed'), ('cancelled', 'Cancelled'), ('failed', 'Failed')], default='queued', max_length=10)),
                ('priority', models.SmallIntegerField(default=0, help_text='0 transactional, 1 bulk; lower goes first.')),
                ('attempts', models.SmallIntegerField(default=0, help_text='Tries begun; fences every later move.')),
                ('sequence', models.IntegerField(default=1, help_text='Events told of this recipient.')),
                ('next_attempt_at', models.DateTimeField(null=True)),
                ('data_sent_at', models.DateTimeField(help_text='When the last try was about to end its message.', null=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='recipients', to='accounts.account')),
                ('message', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='recipients', to='gateway.message')),
                ('marks', models.SmallIntegerField(default=0, help_text='What was told of it once: engine.feedback.Mark.')),
                ('lease', models.ForeignKey(db_constraint=False, db_index=False, help_text='Of the last try.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='gateway.lease')),
                ('line', models.GeneratedField(db_persist=True, expression=models.Case(models.When(models.Q(('state', 'queued'), models.Q(('next_attempt_at', None), ('state', 'sending')), _connector='OR'), then=models.Value(1)), models.When(state__in=['deferred', 'sending'], then=models.Value(2)), models.When(state='held', then=models.Value(3))), output_field=models.SmallIntegerField(choices=[(1, 'Fresh'), (2, 'Later'), (3, 'Held')], null=True))),
            ],
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.SmallIntegerField()),
                ('at', models.DateTimeField()),
                ('result', models.CharField(max_length=10)),
                ('code', models.SmallIntegerField(default=0)),
                ('enhanced', models.CharField(blank=True, max_length=11)),
                ('reply', models.TextField(blank=True)),
                ('host', models.CharField(blank=True, max_length=253)),
                ('address', models.CharField(blank=True, max_length=45)),
                ('source', models.CharField(blank=True, max_length=45)),
                ('tls', models.CharField(blank=True, max_length=80)),
                ('seconds', models.FloatField(default=0)),
                ('size', models.BigIntegerField(default=0)),
                ('signed_by', models.CharField(blank=True, max_length=600)),
                ('is_ambiguous', models.BooleanField(default=False, help_text='The message may have arrived although no reply was seen.')),
                ('recipient', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tries', to='gateway.recipient')),
            ],
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['account', '-public_id'], name='message_by_account'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('unique_id', ''), _negated=True), fields=['account', 'unique_id', 'id'], name='message_by_unique_id'),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=models.UniqueConstraint(fields=('message', 'position'), name='attachment_once'),
        ),
        migrations.AddIndex(
            model_name='listtask',
            index=models.Index(condition=models.Q(('state__in', ['waiting', 'running'])), fields=['account', 'id'], name='list_task_open'),
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
            index=models.Index(models.F('message'), django.db.models.functions.text.Lower('email'), condition=models.Q(('priority', 1)), name='recipient_in_bulk'),
        ),
        migrations.AddIndex(
            model_name='recipient',
            index=models.Index(condition=models.Q(('line__in', [2, 3])), fields=['account', 'priority', 'id'], name='recipient_put_off'),
        ),
        migrations.AddConstraint(
            model_name='recipient',
            constraint=models.UniqueConstraint(fields=('message', 'position'), name='recipient_once'),
        ),
        migrations.AddConstraint(
            model_name='attempt',
            constraint=models.UniqueConstraint(fields=('recipient', 'number'), name='attempt_once'),
        ),
        migrations.RunPython(shape, migrations.RunPython.noop),
    ]
