import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    # Databases that have had all of these have nothing to do.
    replaces = [
        ('domains', '0001_initial'),
        ('domains', '0002_hosts_and_rotation'),
        ('domains', '0003_when_to_check'),
        ('domains', '0004_option_of_tracking_hosts'),
        ('domains', '0005_signing_key_of_domains'),
        ('domains', '0006_tracking_and_type_of_smtp_users'),
        ('domains', '0007_smtp_users_that_send_only'),
    ]

    dependencies = [
        ('accounts', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='SenderDomain',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='In lower case, as punycode.', max_length=253)),
                ('verification_token', models.CharField(help_text='The value of the ownership TXT record.', max_length=64)),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('checked_at', models.DateTimeField(blank=True, null=True)),
                ('check_results', models.JSONField(blank=True, default=list)),
                ('is_trusted', models.BooleanField(default=False, editable=False, help_text='Set on the command line only; DNS checks never clear it.')),
                ('is_active', models.BooleanField(default=True)),
                ('track_opens', models.BooleanField(blank=True, help_text='Unknown: as the account has it.', null=True)),
                ('track_clicks', models.BooleanField(blank=True, help_text='Unknown: as the account has it.', null=True)),
                ('unsubscribe_link', models.BooleanField(default=False)),
                ('hosting_provider', models.CharField(blank=True, max_length=120)),
                ('subdomain', models.CharField(default='bounce', help_text='Prefix of the host that return paths name.', max_length=63)),
                ('track_prefix', models.CharField(default='track', help_text='Prefix of the host that tracked links name.', max_length=63)),
                ('return_path_at', models.DateTimeField(blank=True, help_text='Since when DNS points the return path to us.', null=True)),
                ('tracking_at', models.DateTimeField(blank=True, help_text='Since when DNS points the tracking host to us.', null=True)),
                ('is_tracking_secure', models.BooleanField(default=False, help_text='The tracking host has a certificate: its links begin with https.')),
                ('uses_tracking_host', models.BooleanField(default=True, help_text='Tracked links name a host of the domain, once DNS points it to us.')),
                ('sealed_signing_key', models.BinaryField(default=b'', help_text='Signs the calls of its webhooks; empty until it is first asked for.')),
                ('failing_since', models.DateTimeField(blank=True, help_text='Since when checks of a verified domain fail.', null=True)),
                ('next_check_at', models.DateTimeField(blank=True, default=django.utils.timezone.now, editable=False, null=True)),
                ('pending_since', models.DateTimeField(default=django.utils.timezone.now, editable=False, help_text='Since when DNS is awaited.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sender_domains', to='accounts.account')),
            ],
        ),
        migrations.CreateModel(
            name='DKIMKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('selector', models.CharField(max_length=63)),
                ('algorithm', models.CharField(choices=[('rsa', 'RSA 2048'), ('ed25519', 'Ed25519')], max_length=10)),
                ('public_key', models.TextField(help_text='Base64, as in the p= tag of the record.')),
                ('sealed_private_key', models.BinaryField()),
                ('is_active', models.BooleanField(default=True, help_text='Signs new mail.')),
                ('published_at', models.DateTimeField(blank=True, help_text='When DNS first showed the public key.', null=True)),
                ('retired_at', models.DateTimeField(blank=True, help_text='When a newer key took over; its record stays for mail under way.', null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('domain', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='dkim_keys', to='domains.senderdomain')),
            ],
            options={
                'verbose_name': 'DKIM key',
            },
        ),
        migrations.CreateModel(
            name='APIKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('description', models.CharField(blank=True, max_length=250)),
                ('secret_hash', models.BinaryField(max_length=32, unique=True)),
                ('secret_prefix', models.CharField(editable=False, max_length=8)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('used_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to='accounts.account')),
                ('domain', models.ForeignKey(blank=True, help_text='Empty: a key of the whole account.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to='domains.senderdomain')),
            ],
            options={
                'verbose_name': 'API key',
            },
        ),
        migrations.CreateModel(
            name='SMTPUser',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64, unique=True)),
                ('secret_hash', models.BinaryField(max_length=32)),
                ('secret_prefix', models.CharField(editable=False, max_length=8)),
                ('senders', models.TextField(blank=True, help_text="Addresses or domains that it may send from, separated by ;. Empty: all of the account's.")),
                ('is_enabled', models.BooleanField(default=True)),
                ('is_deleted', models.BooleanField(default=False)),
                ('is_blocked', models.BooleanField(default=False, help_text='Blocked by the operator.')),
                ('blocked_until', models.DateTimeField(blank=True, null=True)),
                ('priority', models.PositiveSmallIntegerField(default=3, help_text='1 first to 5 last.')),
                ('note', models.CharField(blank=True, max_length=250)),
                ('hourly_limit', models.PositiveBigIntegerField(blank=True, null=True)),
                ('total_limit', models.PositiveBigIntegerField(blank=True, null=True)),
                ('campaign_code', models.CharField(blank=True, max_length=100)),
                ('track_opens', models.BooleanField(blank=True, help_text='Unknown: as the sender domain has it.', null=True)),
                ('track_clicks', models.BooleanField(blank=True, help_text='Unknown: as the sender domain has it.', null=True)),
                ('unsubscribe_link', models.BooleanField(blank=True, help_text='Unknown: as the sender domain has it.', null=True)),
                ('email_type', models.PositiveSmallIntegerField(blank=True, choices=[(0, 'triggered mail'), (1, 'batch mail')], help_text="Which templates it may send by SendCloud's calls; empty: all.", null=True)),
                ('unsubscribe_page_id', models.BigIntegerField(blank=True, help_text="The account's page that its mail leads to; empty: the account's usual one.", null=True)),
                ('may_manage', models.BooleanField(db_default=True, default=True, help_text="By SendCloud's calls: lists, templates, domains, webhooks, reports. Off: it may send, and no more.", verbose_name='may manage the account by the API')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='smtp_users', to='accounts.account')),
                ('domain', models.ForeignKey(blank=True, help_text='May send from this domain only; empty: from every domain of the account.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='smtp_users', to='domains.senderdomain')),
            ],
            options={
                'verbose_name': 'SMTP user',
            },
        ),
        migrations.CreateModel(
            name='TrackingDomain',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=253)),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('checked_at', models.DateTimeField(blank=True, null=True)),
                ('check_results', models.JSONField(blank=True, default=list)),
                ('is_secure', models.BooleanField(default=False, help_text='It has a certificate: its links begin with https.')),
                ('next_check_at', models.DateTimeField(blank=True, default=django.utils.timezone.now, editable=False, null=True)),
                ('pending_since', models.DateTimeField(default=django.utils.timezone.now, editable=False, help_text='Since when DNS is awaited.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tracking_domains', to='accounts.account')),
            ],
        ),
        migrations.AddIndex(
            model_name='senderdomain',
            index=models.Index(fields=['next_check_at'], name='sender_domain_to_check'),
        ),
        migrations.AddConstraint(
            model_name='senderdomain',
            constraint=models.UniqueConstraint(fields=('account', 'name'), name='sender_domain_once'),
        ),
        migrations.AddConstraint(
            model_name='senderdomain',
            constraint=models.UniqueConstraint(condition=models.Q(('verified_at__isnull', False)), fields=('name',), name='sender_domain_verified_once'),
        ),
        migrations.AddConstraint(
            model_name='dkimkey',
            constraint=models.UniqueConstraint(fields=('domain', 'selector'), name='dkim_selector_once'),
        ),
        migrations.AddIndex(
            model_name='trackingdomain',
            index=models.Index(fields=['next_check_at'], name='tracking_domain_to_check'),
        ),
        migrations.AddConstraint(
            model_name='trackingdomain',
            constraint=models.UniqueConstraint(fields=('account', 'name'), name='tracking_domain_once'),
        ),
        migrations.AddConstraint(
            model_name='trackingdomain',
            constraint=models.UniqueConstraint(condition=models.Q(('verified_at__isnull', False)), fields=('name',), name='tracking_domain_verified_once'),
        ),
    ]
