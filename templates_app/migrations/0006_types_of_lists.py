"""The type of a list, which SendCloud's calls say."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("templates_app", "0005_unsubscribe_pages_in_languages")]
    operations = [
        migrations.AddField(
            model_name="addresslist",
            name="is_advanced",
            field=models.BooleanField(
                db_default=False, default=False, help_text="SendCloud's list type: advanced instead of normal."
            ),
        ),
    ]
