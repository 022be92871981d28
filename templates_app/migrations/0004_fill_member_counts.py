"""Count the members that lists have already; from now on the count is kept with each change."""

from django.db import migrations

COUNT = """
    UPDATE templates_app_addresslist SET member_count = (
        SELECT count(*) FROM templates_app_member m WHERE m.address_list_id = templates_app_addresslist.id
    )
"""


class Migration(migrations.Migration):
    dependencies = [("templates_app", "0003_count_members")]
    operations = [migrations.RunSQL(COUNT, migrations.RunSQL.noop)]
