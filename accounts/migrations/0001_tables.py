import django.db.models.deletion
import gateway.base.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    # Databases that have had all of these have nothing to do.
    replaces = [
        ('accounts', '0001_initial'),
        ('accounts', '0002_account_limits'),
        ('accounts', '0003_header_and_footer'),
    ]

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('name', models.CharField(blank=True, max_length=120)),
                ('is_active', models.BooleanField(default=True)),
                ('is_operator', models.BooleanField(default=False, help_text='Runs the platform: sees and changes every account.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('owner_id', models.CharField(default=gateway.base.ids.make_owner_id, help_text="Names the account in SendClean's API.", max_length=32, unique=True)),
                ('status', models.CharField(choices=[('enabled', 'Enabled'), ('suspended', 'Suspended'), ('deleted', 'Deleted'), ('purged', 'Purged')], default='enabled', max_length=10)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('requests_per_minute', models.PositiveIntegerField(blank=True, help_text='Of the APIs; 0 for no limit.', null=True)),
                ('quota_hour', models.PositiveBigIntegerField(blank=True, help_text='Recipients an hour; empty for no limit.', null=True)),
                ('quota_day', models.PositiveBigIntegerField(blank=True, help_text='Recipients a day; empty for no limit.', null=True)),
                ('quota_month', models.PositiveBigIntegerField(blank=True, help_text='Recipients a month; empty for no limit.', null=True)),
                ('quota_total', models.PositiveBigIntegerField(blank=True, help_text='Recipients in all; empty for no limit.', null=True)),
                ('max_domains', models.PositiveIntegerField(blank=True, help_text='Sender domains; empty for no limit.', null=True)),
                ('max_smtp_users', models.PositiveIntegerField(blank=True, help_text='SMTP users; empty for no limit.', null=True)),
                ('max_keys', models.PositiveIntegerField(blank=True, help_text='API keys; empty for no limit.', null=True)),
                ('max_webhooks', models.PositiveIntegerField(blank=True, help_text='Webhooks; empty for no limit.', null=True)),
                ('track_opens', models.BooleanField(default=False)),
                ('track_clicks', models.BooleanField(default=False)),
                ('has_header', models.BooleanField(db_default=False, default=False, help_text='Unless a message says otherwise.', verbose_name='add the header')),
                ('header_html', models.TextField(blank=True, db_default='', default='', max_length=20000, verbose_name='header in HTML')),
                ('header_text', models.TextField(blank=True, db_default='', default='', max_length=20000, verbose_name='header in plain text')),
                ('has_footer', models.BooleanField(db_default=False, default=False, help_text='Unless a message says otherwise.', verbose_name='add the footer')),
                ('footer_html', models.TextField(blank=True, db_default='', default='', help_text='[unsubscribe_url] stands for the link to unsubscribe by.', max_length=20000, verbose_name='footer in HTML')),
                ('footer_text', models.TextField(blank=True, db_default='', default='', help_text='[unsubscribe_url] stands for the link to unsubscribe by.', max_length=20000, verbose_name='footer in plain text')),
                ('status_at', models.DateTimeField(blank=True, editable=False, help_text='When the status last changed.', null=True)),
                ('status_note', models.CharField(blank=True, help_text='Why it was suspended or deleted.', max_length=250)),
            ],
        ),
        migrations.CreateModel(
            name='ApiSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_hash', models.BinaryField(max_length=32, unique=True)),
                ('password_mark', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('used_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_sessions', to='accounts.account')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_sessions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('actor', models.CharField(help_text="The person's e-mail address, or the key's prefix.", max_length=254)),
                ('action', models.CharField(max_length=60)),
                ('target', models.CharField(blank=True, max_length=200)),
                ('detail', models.JSONField(blank=True, default=dict)),
                ('address', models.GenericIPAddressField(blank=True, null=True)),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='audit_entries', to='accounts.account')),
            ],
            options={
                'verbose_name_plural': 'audit entries',
                'indexes': [models.Index(fields=['account', '-at'], name='audit_by_account')],
            },
        ),
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255)),
                ('fingerprint', models.BinaryField(max_length=32)),
                ('answer', models.JSONField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='idempotency_keys', to='accounts.account')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'key'), name='idempotency_key_once')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('admin', 'Admin'), ('developer', 'Developer'), ('viewer', 'Viewer')], default='viewer', max_length=10)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='accounts.account')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'user'), name='membership_once')],
            },
        ),
        migrations.CreateModel(
            name='UsageCounter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('smtp_user_key', models.BigIntegerField(default=0, help_text='The SMTP user counted, 0 for the whole account.')),
                ('window', models.CharField(choices=[('hour', 'Hour'), ('day', 'Day'), ('month', 'Month'), ('total', 'Total')], max_length=5)),
                ('starts_at', models.DateTimeField(help_text='Start of the window in UTC; 1970 for the total.')),
                ('used', models.PositiveBigIntegerField(default=0)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='usage', to='accounts.account')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'smtp_user_key', 'window', 'starts_at'), name='usage_once')],
            },
        ),
    ]
