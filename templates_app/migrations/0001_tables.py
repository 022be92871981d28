import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    # Databases that have had all of these have nothing to do.
    replaces = [
        ('templates_app', '0001_initial'),
        ('templates_app', '0002_members_in_any_case'),
        ('templates_app', '0003_count_members'),
        ('templates_app', '0004_fill_member_counts'),
        ('templates_app', '0005_unsubscribe_pages_in_languages'),
        ('templates_app', '0006_types_of_lists'),
    ]

    dependencies = [
        ('accounts', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='AddressList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(max_length=120)),
                ('name', models.CharField(max_length=120)),
                ('description', models.CharField(blank=True, max_length=250)),
                ('is_advanced', models.BooleanField(db_default=False, default=False, help_text="SendCloud's list type: advanced instead of normal.")),
                ('member_count', models.PositiveIntegerField(default=0, editable=False, help_text='Kept by templates_app.members.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='address_lists', to='accounts.account')),
            ],
        ),
        migrations.CreateModel(
            name='Member',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.CharField(max_length=254)),
                ('name', models.CharField(blank=True, max_length=120)),
                ('variables', models.JSONField(blank=True, default=dict)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('address_list', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='members', to='templates_app.addresslist')),
            ],
        ),
        migrations.CreateModel(
            name='Template',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('invoke_name', models.CharField(max_length=64)),
                ('name', models.CharField(max_length=120)),
                ('syntax', models.CharField(choices=[('liquid', 'Liquid {{ NAME }}'), ('sendclean', 'SendClean {{NAME}}'), ('sendcloud', 'SendCloud %NAME%'), ('mailup', 'MailUp [NAME]'), ('octeth', 'Octeth %Subscriber:NAME%')], default='liquid', max_length=10)),
                ('is_bulk', models.BooleanField(default=False, help_text="SendCloud's template type: batch instead of trigger.")),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='templates', to='accounts.account')),
            ],
        ),
        migrations.CreateModel(
            name='TemplateVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(default=1)),
                ('subject', models.TextField(blank=True)),
                ('html', models.TextField(blank=True)),
                ('text', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='templates_app.template')),
            ],
        ),
        migrations.CreateModel(
            name='UnsubscribePage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('language', models.CharField(default='en', max_length=20, validators=[django.core.validators.RegexValidator('^[a-z]{2,3}(-[a-z0-9]{2,8})*\\Z', 'A language is written like en, pt-br or zh-hant.')])),
                ('title', models.CharField(blank=True, help_text="In the browser's tab.", max_length=120)),
                ('html', models.TextField(blank=True, help_text='Asks whether to unsubscribe. The button stands where {{ button }} does, or at the end.', verbose_name='HTML')),
                ('button', models.CharField(blank=True, help_text='What the button says; empty: Unsubscribe, in the language.', max_length=80)),
                ('done_html', models.TextField(blank=True, help_text='Says that it is done; empty: the usual words, in the language.', verbose_name='HTML afterwards')),
                ('is_default', models.BooleanField(default=False, help_text='Shown, in all its languages, where a mail asks for no other page of yours.')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='unsubscribe_pages', to='accounts.account')),
            ],
        ),
        migrations.AddConstraint(
            model_name='addresslist',
            constraint=models.UniqueConstraint(fields=('account', 'address'), name='address_list_once'),
        ),
        migrations.AddIndex(
            model_name='member',
            index=models.Index(fields=['address_list', 'id'], name='member_by_list'),
        ),
        migrations.AddConstraint(
            model_name='member',
            constraint=models.UniqueConstraint(models.F('address_list'), django.db.models.functions.text.Lower('email'), name='member_once'),
        ),
        migrations.AddConstraint(
            model_name='template',
            constraint=models.UniqueConstraint(fields=('account', 'invoke_name'), name='template_once'),
        ),
        migrations.AddConstraint(
            model_name='templateversion',
            constraint=models.UniqueConstraint(fields=('template', 'number'), name='template_version_once'),
        ),
        migrations.AddConstraint(
            model_name='unsubscribepage',
            constraint=models.UniqueConstraint(fields=('account', 'name', 'language'), name='unsubscribe_page_once'),
        ),
        migrations.AddConstraint(
            model_name='unsubscribepage',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('account',), name='unsubscribe_page_one_default', violation_error_message='Another page is the default one already; take the mark from that page first.'),
        ),
    ]
