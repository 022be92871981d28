"""What the hot path needs of PostgreSQL beyond the models; nothing to do elsewhere.

Ids are handed out in blocks of a thousand (gateway.base.bulk.BLOCK), bodies are kept out of line and not compressed (they are
read whole and once), and recipients leave room on their pages for the moves between states.
"""

from django.db import migrations

STEPS = [
    "ALTER TABLE gateway_message ALTER COLUMN id SET INCREMENT BY 1000",
    "ALTER TABLE gateway_recipient ALTER COLUMN id SET INCREMENT BY 1000",
    "ALTER TABLE gateway_content ALTER COLUMN html SET STORAGE EXTERNAL",
    "ALTER TABLE gateway_content ALTER COLUMN text SET STORAGE EXTERNAL",
    "ALTER TABLE gateway_content ALTER COLUMN raw SET STORAGE EXTERNAL",
    "ALTER TABLE gateway_attachment ALTER COLUMN content SET STORAGE EXTERNAL",
    "ALTER TABLE gateway_recipient SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)",
]


def apply(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for step in STEPS:
            schema_editor.execute(step)


class Migration(migrations.Migration):
    dependencies = [("gateway", "0001_initial")]
    operations = [migrations.RunPython(apply, migrations.RunPython.noop)]
