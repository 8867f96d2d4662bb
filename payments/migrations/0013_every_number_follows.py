"""Numbers without a gap, of whatever we number: receipts, reversals, and now invoices, credit notes and payouts too.

One function for all of them. A row whose number does not follow one that is there is refused at the end of its transaction, unless
its table's own question (the trigger's argument, about the row as JSON) says that it may begin: what a book brought keeps its own
numbers, and the first that a numbering gives here follows nothing. An issued invoice is never deleted; a credit note never was.
"""

from django.db import migrations

FOLLOWS = """
CREATE OR REPLACE FUNCTION payments_number_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    there boolean; begins boolean := false;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.%I WHERE prefix = $1 AND number = $2)', TG_TABLE_SCHEMA, TG_TABLE_NAME)
        INTO there USING NEW.prefix, NEW.number - 1;
    IF NOT there AND TG_NARGS > 0 THEN
        EXECUTE format(TG_ARGV[0], TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO begins USING to_jsonb(NEW);
    END IF;
    IF NOT there AND begins IS NOT TRUE THEN
        RAISE EXCEPTION '% %-% would leave a gap', TG_TABLE_NAME, NEW.prefix, NEW.number USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER receipt_number_follows ON payments_receipt;
CREATE CONSTRAINT TRIGGER receipt_number_follows AFTER INSERT ON payments_receipt DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.prefix = 'CP' AND NEW.number > 1) EXECUTE FUNCTION payments_number_follows(
        'SELECT source = ''imported'' FROM %1$I.payments_payment WHERE id = ($1 ->> ''payment_id'')::bigint');
CREATE CONSTRAINT TRIGGER invoice_number_follows AFTER INSERT ON payments_invoice DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.resolution_id IS NOT NULL) EXECUTE FUNCTION payments_number_follows(
        'SELECT NOT EXISTS (SELECT 1 FROM %1$I.%2$I WHERE resolution_id = ($1 ->> ''resolution_id'')::bigint AND number < ($1 ->> ''number'')::bigint)');
CREATE CONSTRAINT TRIGGER credit_note_number_follows AFTER INSERT ON payments_creditnote DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION payments_number_follows(
        'SELECT NOT EXISTS (SELECT 1 FROM %1$I.%2$I WHERE resolution_id = ($1 ->> ''resolution_id'')::bigint AND number < ($1 ->> ''number'')::bigint)');
CREATE CONSTRAINT TRIGGER payout_number_follows AFTER INSERT ON payments_payout DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.prefix = 'EG' AND NEW.number > 1) EXECUTE FUNCTION payments_number_follows(
        'SELECT NOT EXISTS (SELECT 1 FROM %1$I.payments_payoutline WHERE payout_id = ($1 ->> ''id'')::bigint)');
CREATE TRIGGER issued_invoice_stays BEFORE DELETE ON payments_invoice
    FOR EACH ROW WHEN (OLD.resolution_id IS NOT NULL) EXECUTE FUNCTION payments_never_changes();
"""
FOLLOWS_BACK = """
DROP TRIGGER issued_invoice_stays ON payments_invoice;
DROP TRIGGER payout_number_follows ON payments_payout;
DROP TRIGGER credit_note_number_follows ON payments_creditnote;
DROP TRIGGER invoice_number_follows ON payments_invoice;
DROP TRIGGER receipt_number_follows ON payments_receipt;
CREATE OR REPLACE FUNCTION payments_number_follows() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0012_numbers_follow")]

    operations = [migrations.RunSQL(FOLLOWS, FOLLOWS_BACK)]
