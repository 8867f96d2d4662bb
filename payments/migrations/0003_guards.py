"""What the database itself refuses of money, whoever asks.

Receipts, movements and reversals are only ever added; an approval is left only by a reversal; sums agree at the end of each
transaction. Functions name their tables by the schema of the trigger's, since a deferred one may fire under another path.
"""

from django.db import migrations

NEVER_CHANGES = """
CREATE FUNCTION payments_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed nor deleted', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER receipt_never_changes BEFORE UPDATE OR DELETE ON payments_receipt
    FOR EACH ROW EXECUTE FUNCTION payments_never_changes();
CREATE TRIGGER movement_never_changes BEFORE UPDATE OR DELETE ON payments_movement
    FOR EACH ROW EXECUTE FUNCTION payments_never_changes();
CREATE TRIGGER reversal_never_changes BEFORE UPDATE OR DELETE ON payments_reversal
    FOR EACH ROW EXECUTE FUNCTION payments_never_changes();
CREATE TRIGGER credit_use_never_changes BEFORE UPDATE OR DELETE ON payments_credituse
    FOR EACH ROW EXECUTE FUNCTION payments_never_changes();
"""
NEVER_CHANGES_BACK = """
DROP TRIGGER receipt_never_changes ON payments_receipt;
DROP TRIGGER movement_never_changes ON payments_movement;
DROP TRIGGER reversal_never_changes ON payments_reversal;
DROP TRIGGER credit_use_never_changes ON payments_credituse;
DROP FUNCTION payments_never_changes();
"""

MOVES = """
CREATE FUNCTION payments_payment_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'reversed' AND NEW.state <> 'reversed' OR OLD.state = 'approved' AND NEW.state NOT IN ('approved', 'reversed')
        OR OLD.state <> 'approved' AND NEW.state = 'reversed' AND OLD.state <> 'reversed' THEN
        RAISE EXCEPTION 'payment % may not go from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state IN ('approved', 'reversed') AND (NEW.amount <> OLD.amount OR NEW.client_id <> OLD.client_id OR NEW.source <> OLD.source) THEN
        RAISE EXCEPTION 'payment % was approved: its money is not changed', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payment_moves BEFORE UPDATE ON payments_payment FOR EACH ROW EXECUTE FUNCTION payments_payment_moves();
CREATE FUNCTION payments_attempt_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'approved' AND NEW.state <> 'approved' OR NEW.credited < OLD.credited OR NEW.amount <> OLD.amount
        OR NEW.reference <> OLD.reference THEN
        RAISE EXCEPTION 'attempt %: an approval, what it credited, its amount and its reference stay', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER attempt_moves BEFORE UPDATE ON payments_attempt FOR EACH ROW EXECUTE FUNCTION payments_attempt_moves();
"""
MOVES_BACK = """
DROP TRIGGER payment_moves ON payments_payment;
DROP FUNCTION payments_payment_moves();
DROP TRIGGER attempt_moves ON payments_attempt;
DROP FUNCTION payments_attempt_moves();
"""

SUMS = """
CREATE FUNCTION payments_sums_agree() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved numeric; said numeric;
BEGIN
    -- Two questions a row and no more: a book brings movements by the hundred thousand.
    IF NEW.invoice_id IS NOT NULL THEN
        EXECUTE format('SELECT i.applied, (SELECT sum(amount) FROM %1$I.payments_movement WHERE invoice_id = i.id)'
            ' FROM %1$I.payments_invoice i WHERE i.id = $1', TG_TABLE_SCHEMA) INTO said, moved USING NEW.invoice_id;
        IF moved IS DISTINCT FROM said THEN
            RAISE EXCEPTION 'invoice %: its movements say %, it says %', NEW.invoice_id, moved, said
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    IF NEW.payment_id IS NOT NULL THEN
        EXECUTE format('SELECT p.amount - coalesce((SELECT sum(amount) FROM %1$I.payments_reversal WHERE payment_id = p.id), 0),'
            ' (SELECT sum(amount) FROM %1$I.payments_movement WHERE payment_id = p.id)'
            ' FROM %1$I.payments_payment p WHERE p.id = $1', TG_TABLE_SCHEMA) INTO said, moved USING NEW.payment_id;
        IF moved IS DISTINCT FROM said THEN
            RAISE EXCEPTION 'payment %: its movements say %, it brought %', NEW.payment_id, moved, said
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER movement_sums AFTER INSERT ON payments_movement DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION payments_sums_agree();
CREATE FUNCTION payments_reversal_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    brought numeric; gone numeric;
BEGIN
    EXECUTE format('SELECT amount FROM %I.payments_payment WHERE id = $1', TG_TABLE_SCHEMA) INTO brought USING NEW.payment_id;
    EXECUTE format('SELECT coalesce(sum(amount), 0) FROM %I.payments_reversal WHERE payment_id = $1', TG_TABLE_SCHEMA)
        INTO gone USING NEW.payment_id;
    IF gone > brought THEN
        RAISE EXCEPTION 'payment % brought %, and % would go back', NEW.payment_id, brought, gone
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER reversal_fits AFTER INSERT ON payments_reversal FOR EACH ROW EXECUTE FUNCTION payments_reversal_fits();
"""
SUMS_BACK = """
DROP TRIGGER movement_sums ON payments_movement;
DROP FUNCTION payments_sums_agree();
DROP TRIGGER reversal_fits ON payments_reversal;
DROP FUNCTION payments_reversal_fits();
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_desk_money")]

    operations = [
        migrations.RunSQL(NEVER_CHANGES, NEVER_CHANGES_BACK),
        migrations.RunSQL(MOVES, MOVES_BACK),
        migrations.RunSQL(SUMS, SUMS_BACK),
    ]
