"""Figures that the agency enters when it needs them, and an undo that lets no movement go that staff or a gateway made."""

from django.db import migrations, models

# As in 0008, and: a movement that a credit note, a use of the credit or a reversal made is no part of the book that is undone.
GUARD = """
CREATE OR REPLACE FUNCTION payments_goes_by_undo() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    brought boolean := false;
BEGIN
    IF TG_OP = 'DELETE' AND num_nonnulls(to_jsonb(OLD) ->> 'credit_note_id', to_jsonb(OLD) ->> 'credit_use_id', to_jsonb(OLD) ->> 'reversal_id') > 0 THEN
        brought := false;
    ELSIF TG_OP = 'DELETE' AND OLD.payment_id IS NOT NULL THEN
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %1$I.clientarea_bookrecord r JOIN %1$I.clientarea_bookimport b ON b.id = r.book_id'
            ' JOIN %1$I.payments_payment p ON p.id = r.object_id'
            ' WHERE r.kind = ''payment'' AND r.created AND r.object_id = $1 AND b.state = ''undoing'' AND p.source = ''imported'')',
            TG_TABLE_SCHEMA) INTO brought USING OLD.payment_id;
    ELSIF TG_OP = 'DELETE' THEN
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %1$I.clientarea_bookrecord r JOIN %1$I.clientarea_bookimport b ON b.id = r.book_id'
            ' WHERE r.kind = ''movement'' AND r.created AND r.object_id = $1 AND b.state = ''undoing'')',
            TG_TABLE_SCHEMA) INTO brought USING OLD.id;
    END IF;
    IF NOT brought THEN
        RAISE EXCEPTION 'rows of % are never changed nor deleted', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;
"""
GUARD_BACK = """
CREATE OR REPLACE FUNCTION payments_goes_by_undo() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    brought boolean := false;
BEGIN
    IF TG_OP = 'DELETE' AND OLD.payment_id IS NOT NULL THEN
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %1$I.clientarea_bookrecord r JOIN %1$I.clientarea_bookimport b ON b.id = r.book_id'
            ' JOIN %1$I.payments_payment p ON p.id = r.object_id'
            ' WHERE r.kind = ''payment'' AND r.created AND r.object_id = $1 AND b.state = ''undoing'' AND p.source = ''imported'')',
            TG_TABLE_SCHEMA) INTO brought USING OLD.payment_id;
    ELSIF TG_OP = 'DELETE' THEN
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %1$I.clientarea_bookrecord r JOIN %1$I.clientarea_bookimport b ON b.id = r.book_id'
            ' WHERE r.kind = ''movement'' AND r.created AND r.object_id = $1 AND b.state = ''undoing'')',
            TG_TABLE_SCHEMA) INTO brought USING OLD.id;
    END IF;
    IF NOT brought THEN
        RAISE EXCEPTION 'rows of % are never changed nor deleted', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;
"""

# As in 0006, and: what an import voided, its undo puts back; never one that was issued here.
STAYS = """
CREATE OR REPLACE FUNCTION payments_invoice_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    put_back boolean := false;
BEGIN
    IF OLD.resolution_id IS NOT NULL AND (OLD.total, OLD.base, OLD.administration, OLD.extras, OLD.iva, OLD.withholding, OLD.prefix, OLD.number,
        OLD.client_id, OLD.kind, OLD.resolution_id) IS DISTINCT FROM (NEW.total, NEW.base, NEW.administration, NEW.extras, NEW.iva,
        NEW.withholding, NEW.prefix, NEW.number, NEW.client_id, NEW.kind, NEW.resolution_id) THEN
        RAISE EXCEPTION 'invoice % was issued: its number, its client and its amounts stay', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.voided_at IS NOT NULL AND NEW.voided_at IS NULL AND OLD.resolution_id IS NULL THEN
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %1$I.clientarea_bookrecord r JOIN %1$I.clientarea_bookimport b ON b.id = r.book_id'
            ' WHERE r.kind = ''invoice'' AND NOT r.created AND r.object_id = $1 AND b.state = ''undoing'')', TG_TABLE_SCHEMA)
            INTO put_back USING OLD.id;
    END IF;
    IF OLD.voided_at IS NOT NULL AND NEW.voided_at IS NULL AND NOT put_back OR OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL AND NEW.applied <> 0 THEN
        RAISE EXCEPTION 'invoice %: a voided one stays so, and one with money is not voided', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""
STAYS_BACK = """
CREATE OR REPLACE FUNCTION payments_invoice_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.resolution_id IS NOT NULL AND (OLD.total, OLD.base, OLD.administration, OLD.extras, OLD.iva, OLD.withholding, OLD.prefix, OLD.number,
        OLD.client_id, OLD.kind, OLD.resolution_id) IS DISTINCT FROM (NEW.total, NEW.base, NEW.administration, NEW.extras, NEW.iva,
        NEW.withholding, NEW.prefix, NEW.number, NEW.client_id, NEW.kind, NEW.resolution_id) THEN
        RAISE EXCEPTION 'invoice % was issued: its number, its client and its amounts stay', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.voided_at IS NOT NULL AND NEW.voided_at IS NULL OR OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL AND NEW.applied <> 0 THEN
        RAISE EXCEPTION 'invoice %: a voided one stays so, and one with money is not voided', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0008_book'),
    ]

    operations = [
        migrations.RunSQL(GUARD, GUARD_BACK),
        migrations.RunSQL(STAYS, STAYS_BACK),
        migrations.AlterField(
            model_name='yearfigures',
            name='uvt',
            field=models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='UVT'),
        ),
        migrations.AlterField(
            model_name='yearfigures',
            name='withholding_base',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='base de la retención, en UVT'),
        ),
        migrations.AlterField(
            model_name='yearfigures',
            name='withholding_rate',
            field=models.DecimalField(blank=True, decimal_places=3, max_digits=6, null=True, verbose_name='retención sobre arrendamientos'),
        ),
    ]
