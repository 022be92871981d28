"""The suppressions of one cause are read newest first, page by page."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracking", "0006_labels")]
    operations = [
        migrations.AddIndex(
            model_name="suppression",
            index=models.Index(fields=["account", "cause", "-created_at", "-id"], name="suppression_newest"),
        ),
    ]
