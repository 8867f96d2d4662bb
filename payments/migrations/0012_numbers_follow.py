"""Numbers without a gap: the database refuses a receipt of ours, or a reversal, whose number does not follow one that is there.

Asked at the end of the transaction, so that a restored archive may bring rows in any order. What a book brought keeps its numbers.
"""

from django.db import migrations

FOLLOWS = """
CREATE FUNCTION payments_number_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    there boolean; brought boolean := false;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.%I WHERE prefix = $1 AND number = $2)', TG_TABLE_SCHEMA, TG_TABLE_NAME)
        INTO there USING NEW.prefix, NEW.number - 1;
    IF NOT there AND TG_TABLE_NAME = 'payments_receipt' THEN
        EXECUTE format('SELECT source = ''imported'' FROM %I.payments_payment WHERE id = $1', TG_TABLE_SCHEMA)
            INTO brought USING NEW.payment_id;
    END IF;
    IF NOT there AND NOT brought THEN
        RAISE EXCEPTION '% %-% would leave a gap', TG_TABLE_NAME, NEW.prefix, NEW.number USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER receipt_number_follows AFTER INSERT ON payments_receipt DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.prefix = 'CP' AND NEW.number > 1) EXECUTE FUNCTION payments_number_follows();
CREATE CONSTRAINT TRIGGER reversal_number_follows AFTER INSERT ON payments_reversal DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.number > 1) EXECUTE FUNCTION payments_number_follows();
"""
FOLLOWS_BACK = """
DROP TRIGGER receipt_number_follows ON payments_receipt;
DROP TRIGGER reversal_number_follows ON payments_reversal;
DROP FUNCTION payments_number_follows();
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0011_contact_beside")]

    operations = [migrations.RunSQL(FOLLOWS, FOLLOWS_BACK)]
