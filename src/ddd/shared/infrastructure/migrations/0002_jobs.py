"""What procrastinate does not keep of a job: why it was not done the last time."""

from django.db import migrations

TABLE = """
CREATE TABLE job_trouble (
    job_id    bigint PRIMARY KEY REFERENCES procrastinate_jobs ON DELETE CASCADE,
    surprises smallint NOT NULL,                    -- how often it ended in an error, or with its worker
    reason    text NOT NULL,
    at        timestamptz NOT NULL DEFAULT now()
);
-- Procrastinate's own tables are granted by `migrate`, as all tables of other people's migrations.
GRANT SELECT, INSERT, UPDATE, DELETE ON job_trouble TO oms_system;
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_kernel"), ("procrastinate", "0041_post_retry_failed_job")]
    operations = [migrations.RunSQL(TABLE, "DROP TABLE job_trouble")]
