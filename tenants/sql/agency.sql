-- An agency's tables. Made by `manage.py prepare_agency_ddl`: do not edit, make it again.
-- migrations: c8cc67758cee75da3ee1d529c242543cc142d1e52a3bc10c8ce8f825839bc9c6

CREATE FUNCTION "audit_refuse"() RETURNS "trigger"
    LANGUAGE "plpgsql"
    AS $$
            BEGIN RAISE EXCEPTION 'the history of changes is append-only'; END
            $$;

CREATE FUNCTION "clientarea_book_import_moves"() RETURNS "trigger"
    LANGUAGE "plpgsql"
    AS $$
BEGIN
    -- Undone is the end, and only what was applied is undone: what the records allow to be taken away hangs on this.
    IF OLD.state = 'undone' AND NEW.state <> 'undone' OR NEW.state = 'undone' AND OLD.state NOT IN ('undoing', 'undone')
        OR NEW.state = 'undoing' AND OLD.state NOT IN ('applied', 'undoing')
        OR OLD.state = 'applied' AND NEW.state NOT IN ('applied', 'undoing') THEN
        RAISE EXCEPTION 'import % may not go from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION "clientarea_book_record_stays"() RETURNS "trigger"
    LANGUAGE "plpgsql"
    AS $$
BEGIN
    RAISE EXCEPTION 'what an import wrote is never changed nor deleted' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION "clientarea_event_is_kept"() RETURNS "trigger"
    LANGUAGE "plpgsql"
    AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed nor deleted', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION "payments_attempt_moves"() RETURNS "trigger"
    LANGUAGE "plpgsql"
    AS $$
BEGIN
    IF OLD.state = 'approved' AND NEW.state <> 'approved' OR NEW.credited < OLD.credited OR NEW.amount <> OLD.amount
        OR NEW.reference <> OLD.reference THEN
        RAISE EXCEPTION 'attempt %: an approval, what it credited, its amount and its reference stay', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION "payments_goes_by_undo"() RETURNS "trigger"
    LANGUAGE "plpgsql"
    AS $_$
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
END $_$;

CREATE FUNCTION "payments_invoice_stays"() RETURNS "trigger"
    LANGUAGE "plpgsql"
    AS $_$
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
END $_$;

CREATE FUNCTION "payments_never_changes"() RETURNS "trigger"
    LANGUAGE "plpgsql"
    AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed nor deleted', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION "payments_notes_agree"() RETURNS "trigger"
    LANGUAGE "plpgsql"
    AS $_$
DECLARE
    noted numeric; said numeric;
BEGIN
    EXECUTE format('SELECT i.credited, (SELECT sum(amount) FROM %1$I.payments_creditnote WHERE invoice_id = i.id)'
        ' FROM %1$I.payments_invoice i WHERE i.id = $1', TG_TABLE_SCHEMA) INTO said, noted USING NEW.invoice_id;
    IF noted IS DISTINCT FROM said THEN
        RAISE EXCEPTION 'invoice %: its notes say %, it says %', NEW.invoice_id, noted, said
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $_$;

CREATE FUNCTION "payments_number_follows"() RETURNS "trigger"
    LANGUAGE "plpgsql"
    AS $_$
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
END $_$;

CREATE FUNCTION "payments_payment_moves"() RETURNS "trigger"
    LANGUAGE "plpgsql"
    AS $$
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

CREATE FUNCTION "payments_reversal_fits"() RETURNS "trigger"
    LANGUAGE "plpgsql"
    AS $_$
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
END $_$;

CREATE FUNCTION "payments_sums_agree"() RETURNS "trigger"
    LANGUAGE "plpgsql"
    AS $_$
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
END $_$;

CREATE FUNCTION "policy_text_refuse"() RETURNS "trigger"
    LANGUAGE "plpgsql"
    AS $$
            BEGIN RAISE EXCEPTION 'a published version of a text does not change'; END
            $$;

CREATE FUNCTION "pqrs_event_is_kept"() RETURNS "trigger"
    LANGUAGE "plpgsql"
    AS $$
BEGIN
    RAISE EXCEPTION 'what happened to a case cannot be changed or deleted' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TABLE "account_emailaddress" (
    "id" integer NOT NULL,
    "email" character varying(254) NOT NULL,
    "verified" boolean NOT NULL,
    "primary" boolean NOT NULL,
    "user_id" bigint NOT NULL
);

ALTER TABLE "account_emailaddress" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "account_emailaddress_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "account_emailconfirmation" (
    "id" integer NOT NULL,
    "created" timestamp with time zone NOT NULL,
    "sent" timestamp with time zone,
    "key" character varying(64) NOT NULL,
    "email_address_id" integer NOT NULL
);

ALTER TABLE "account_emailconfirmation" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "account_emailconfirmation_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "accounts_consent" (
    "id" bigint NOT NULL,
    "version" character varying(20) NOT NULL,
    "accepted_at" timestamp with time zone NOT NULL,
    "ip" "inet",
    "user_id" bigint NOT NULL
);

ALTER TABLE "accounts_consent" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "accounts_consent_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "accounts_emailcode" (
    "id" bigint NOT NULL,
    "email" character varying(254) NOT NULL,
    "asked_at" timestamp with time zone NOT NULL,
    "code_hash" character varying(64) NOT NULL,
    "tries" smallint NOT NULL,
    "user_id" bigint NOT NULL,
    CONSTRAINT "accounts_emailcode_tries_check" CHECK (("tries" >= 0))
);

ALTER TABLE "accounts_emailcode" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "accounts_emailcode_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "accounts_policytext" (
    "id" bigint NOT NULL,
    "state" character varying(9) NOT NULL,
    "version" integer,
    "body" "text" NOT NULL,
    "asks_again" boolean NOT NULL,
    "edited_at" timestamp with time zone NOT NULL,
    "edited_by" character varying(200) NOT NULL,
    "published_at" timestamp with time zone,
    "published_by" character varying(200) NOT NULL,
    CONSTRAINT "accounts_policytext_version_check" CHECK (("version" >= 0)),
    CONSTRAINT "policy_numbered" CHECK (((("published_at" IS NULL) AND (("state")::"text" = 'draft'::"text") AND ("version" IS NULL)) OR (("published_at" IS NOT NULL) AND (("state")::"text" = 'published'::"text") AND ("version" >= 1))))
);

ALTER TABLE "accounts_policytext" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "accounts_policytext_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "accounts_user" (
    "id" bigint NOT NULL,
    "password" character varying(128) NOT NULL,
    "last_login" timestamp with time zone,
    "username" character varying(254) NOT NULL,
    "email" character varying(254) NOT NULL,
    "name" character varying(200) NOT NULL,
    "role" character varying(10) NOT NULL,
    "is_active" boolean NOT NULL,
    "created_at" timestamp with time zone NOT NULL,
    "activated_at" timestamp with time zone,
    "staff_role" character varying(12) NOT NULL,
    "language" character varying(5) NOT NULL,
    "link_opened_at" timestamp with time zone,
    "mail_refused_at" timestamp with time zone,
    "mail_refused_for" character varying(8) NOT NULL,
    CONSTRAINT "user_language_known" CHECK (("language" IN ('', 'es-co', 'en'))),
    CONSTRAINT "user_refusal_known" CHECK (((("mail_refused_for")::"text" = ''::"text") OR (("mail_refused_at" IS NOT NULL) AND ("mail_refused_for" IN ('address', 'full', 'blocked', 'other'))))),
    CONSTRAINT "user_role_known" CHECK (("role" IN ('client', 'staff', 'operator'))),
    CONSTRAINT "user_staff_role" CHECK ((((("role")::"text" = 'staff'::"text") AND ("staff_role" IN ('head', 'collections', 'service', 'viewer'))) OR ((NOT (("role")::"text" = 'staff'::"text")) AND (("staff_role")::"text" = ''::"text")))),
    CONSTRAINT "user_username_lower" CHECK ((("username")::"text" = "lower"(("username")::"text")))
);

ALTER TABLE "accounts_user" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "accounts_user_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "api_apikey" (
    "id" bigint NOT NULL,
    "name" character varying(80) NOT NULL,
    "prefix" character varying(12) NOT NULL,
    "digest" character varying(64) NOT NULL,
    "scopes" character varying(20)[] NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "expires_on" "date",
    "last_used_at" timestamp with time zone,
    "revoked_at" timestamp with time zone,
    "made_by_id" bigint NOT NULL
);

ALTER TABLE "api_apikey" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "api_apikey_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "api_keptanswer" (
    "id" bigint NOT NULL,
    "key" character varying(80) NOT NULL,
    "fingerprint" character varying(64) NOT NULL,
    "status" smallint NOT NULL,
    "body" "text" NOT NULL,
    "headers" "jsonb" NOT NULL,
    "answered_at" timestamp with time zone NOT NULL,
    "api_key_id" bigint NOT NULL,
    CONSTRAINT "api_keptanswer_status_check" CHECK (("status" >= 0))
);

ALTER TABLE "api_keptanswer" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "api_keptanswer_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "api_notice" (
    "id" bigint NOT NULL,
    "event" "uuid" NOT NULL,
    "kind" character varying(30) NOT NULL,
    "body" "text" NOT NULL,
    "state" character varying(10) NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "give_up_at" timestamp with time zone NOT NULL,
    "failures" smallint NOT NULL,
    "rounds" smallint NOT NULL,
    "address_id" bigint NOT NULL,
    CONSTRAINT "api_notice_failures_check" CHECK (("failures" >= 0)),
    CONSTRAINT "api_notice_rounds_check" CHECK (("rounds" >= 0)),
    CONSTRAINT "notice_state_known" CHECK (("state" IN ('waiting', 'delivered', 'given_up')))
);

ALTER TABLE "api_notice" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "api_notice_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "api_noticeaddress" (
    "id" bigint NOT NULL,
    "url" character varying(500) NOT NULL,
    "kinds" character varying(30)[] NOT NULL,
    "secret" "text" NOT NULL,
    "previous_secret" "text" NOT NULL,
    "previous_until" timestamp with time zone,
    "active" boolean NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "failures" integer NOT NULL,
    "resting_until" timestamp with time zone,
    "made_by_id" bigint NOT NULL,
    CONSTRAINT "api_noticeaddress_failures_check" CHECK (("failures" >= 0))
);

ALTER TABLE "api_noticeaddress" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "api_noticeaddress_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "api_noticetry" (
    "id" bigint NOT NULL,
    "at" timestamp with time zone NOT NULL,
    "status" smallint,
    "error" character varying(200) NOT NULL,
    "answer" character varying(500) NOT NULL,
    "milliseconds" integer NOT NULL,
    "notice_id" bigint NOT NULL,
    CONSTRAINT "api_noticetry_milliseconds_check" CHECK (("milliseconds" >= 0)),
    CONSTRAINT "api_noticetry_status_check" CHECK (("status" >= 0))
);

ALTER TABLE "api_noticetry" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "api_noticetry_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "audit_change" (
    "id" bigint NOT NULL,
    "at" timestamp with time zone NOT NULL,
    "who_id" bigint,
    "who_name" character varying(200) NOT NULL,
    "subject" character varying(40) NOT NULL,
    "subject_id" bigint NOT NULL,
    "field" character varying(60) NOT NULL,
    "before" "text" NOT NULL,
    "after" "text" NOT NULL
);

ALTER TABLE "audit_change" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "audit_change_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_bookfile" (
    "id" bigint NOT NULL,
    "kind" character varying(10) NOT NULL,
    "path" character varying(200) NOT NULL,
    "size" integer NOT NULL,
    "asked_by_name" character varying(200) NOT NULL,
    "asked_at" timestamp with time zone NOT NULL,
    "ready_at" timestamp with time zone,
    "book_id" bigint,
    CONSTRAINT "clientarea_bookfile_size_check" CHECK (("size" >= 0))
);

ALTER TABLE "clientarea_bookfile" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_bookfile_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_bookimport" (
    "id" bigint NOT NULL,
    "state" character varying(10) NOT NULL,
    "busy" boolean,
    "name" character varying(120) NOT NULL,
    "path" character varying(200) NOT NULL,
    "size" integer NOT NULL,
    "sha256" character varying(64) NOT NULL,
    "made_by_name" character varying(200) NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "counts" "jsonb" NOT NULL,
    "unread" "jsonb" NOT NULL,
    "digest" character varying(64) NOT NULL,
    "stale" boolean NOT NULL,
    "error" "text" NOT NULL,
    "applied_at" timestamp with time zone,
    "applied_by_name" character varying(200) NOT NULL,
    "undone_at" timestamp with time zone,
    "undone_by_name" character varying(200) NOT NULL,
    "holding" "jsonb" NOT NULL,
    "made_by_id" bigint NOT NULL,
    CONSTRAINT "book_import_busy" CHECK ((("busy" AND ("state" IN ('reading', 'preview', 'applying', 'undoing'))) OR (("busy" IS NULL) AND (NOT ("state" IN ('reading', 'preview', 'applying', 'undoing')))))),
    CONSTRAINT "clientarea_bookimport_size_check" CHECK (("size" >= 0))
);

ALTER TABLE "clientarea_bookimport" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_bookimport_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_bookline" (
    "id" bigint NOT NULL,
    "sheet" character varying(20) NOT NULL,
    "row" integer NOT NULL,
    "fate" character varying(10) NOT NULL,
    "title" character varying(200) NOT NULL,
    "differences" "jsonb" NOT NULL,
    "problems" "jsonb" NOT NULL,
    "book_id" bigint NOT NULL,
    CONSTRAINT "clientarea_bookline_row_check" CHECK (("row" >= 0))
);

ALTER TABLE "clientarea_bookline" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_bookline_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_bookrecord" (
    "id" bigint NOT NULL,
    "kind" character varying(10) NOT NULL,
    "object_id" bigint NOT NULL,
    "created" boolean NOT NULL,
    "before" "jsonb" NOT NULL,
    "after" "jsonb" NOT NULL,
    "book_id" bigint NOT NULL
);

ALTER TABLE "clientarea_bookrecord" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_bookrecord_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_calendarfeed" (
    "id" bigint NOT NULL,
    "code" character varying(32) NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "client_id" bigint NOT NULL
);

ALTER TABLE "clientarea_calendarfeed" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_calendarfeed_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_client" (
    "id" bigint NOT NULL,
    "document_type" character varying(3) NOT NULL,
    "document" character varying(20) NOT NULL,
    "document_check" character varying(1) NOT NULL,
    "name" character varying(200) NOT NULL,
    "email" character varying(254) NOT NULL,
    "mobile" character varying(16) NOT NULL,
    "landline" character varying(16) NOT NULL,
    "address" character varying(200) NOT NULL,
    "city" character varying(80) NOT NULL,
    "folded" character varying(400) NOT NULL,
    "invited_at" timestamp with time zone,
    "created_at" timestamp with time zone NOT NULL,
    "user_id" bigint,
    "archived_at" timestamp with time zone,
    "vat_liable" boolean NOT NULL,
    "withholding_agent" boolean NOT NULL
);

ALTER TABLE "clientarea_client" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_client_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_clientfile" (
    "id" bigint NOT NULL,
    "kind" character varying(10) NOT NULL,
    "title" character varying(120) NOT NULL,
    "expires_on" "date",
    "name" character varying(120) NOT NULL,
    "path" character varying(100) NOT NULL,
    "content_type" character varying(20) NOT NULL,
    "size" integer NOT NULL,
    "added_at" timestamp with time zone NOT NULL,
    "added_by" character varying(200) NOT NULL,
    "archived_at" timestamp with time zone,
    "client_id" bigint NOT NULL,
    "lease_id" bigint,
    "event_id" bigint,
    CONSTRAINT "client_file_handed_in_stays" CHECK ((("event_id" IS NULL) OR ("archived_at" IS NULL))),
    CONSTRAINT "client_file_type" CHECK (("content_type" IN ('image/jpeg', 'image/png', 'application/pdf'))),
    CONSTRAINT "clientarea_clientfile_size_check" CHECK (("size" >= 0))
);

ALTER TABLE "clientarea_clientfile" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_clientfile_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_fileevent" (
    "id" bigint NOT NULL,
    "state" character varying(12) NOT NULL,
    "text" character varying(500) NOT NULL,
    "by_staff" boolean NOT NULL,
    "by_name" character varying(200) NOT NULL,
    "at" timestamp with time zone NOT NULL,
    "request_id" bigint NOT NULL,
    CONSTRAINT "file_event_by" CHECK ((((("state")::"text" = 'in_progress'::"text") OR "by_staff") AND (1 = (
CASE
    WHEN (("state")::"text" = 'in_progress'::"text") THEN 1
    ELSE 0
END +
CASE
    WHEN "by_staff" THEN 1
    ELSE 0
END)))),
    CONSTRAINT "file_event_reason" CHECK ((NOT ((("state")::"text" = 'declined'::"text") AND (("text")::"text" = ''::"text"))))
);

ALTER TABLE "clientarea_fileevent" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_fileevent_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_filerequest" (
    "id" bigint NOT NULL,
    "kind" character varying(10) NOT NULL,
    "title" character varying(120) NOT NULL,
    "why" character varying(500) NOT NULL,
    "due_on" "date" NOT NULL,
    "state" character varying(12) NOT NULL,
    "asked_at" timestamp with time zone NOT NULL,
    "client_id" bigint NOT NULL,
    "lease_id" bigint,
    CONSTRAINT "file_request_state" CHECK (("state" IN ('requested', 'in_progress', 'approved', 'declined', 'withdrawn')))
);

ALTER TABLE "clientarea_filerequest" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_filerequest_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_invitationline" (
    "id" bigint NOT NULL,
    "state" character varying(8) NOT NULL,
    "reason" character varying(200) NOT NULL,
    "client_id" bigint NOT NULL,
    "round_id" bigint NOT NULL
);

ALTER TABLE "clientarea_invitationline" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_invitationline_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_invitationround" (
    "id" bigint NOT NULL,
    "asked_by" character varying(200) NOT NULL,
    "asked_at" timestamp with time zone NOT NULL
);

ALTER TABLE "clientarea_invitationround" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_invitationround_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_lease" (
    "id" bigint NOT NULL,
    "number" character varying(30) NOT NULL,
    "rent" numeric(14,2) NOT NULL,
    "administration" numeric(14,2) NOT NULL,
    "starts_on" "date" NOT NULL,
    "ends_on" "date" NOT NULL,
    "payment_day" smallint NOT NULL,
    "use" character varying(10) NOT NULL,
    "commission" numeric(5,2) NOT NULL,
    "co_renter_id" bigint,
    "renter_id" bigint NOT NULL,
    "unit_id" bigint NOT NULL,
    CONSTRAINT "clientarea_lease_payment_day_check" CHECK (("payment_day" >= 0)),
    CONSTRAINT "lease_amounts" CHECK ((("administration" >= (0)::numeric) AND ("rent" >= (0)::numeric))),
    CONSTRAINT "lease_dates" CHECK (("ends_on" >= "starts_on")),
    CONSTRAINT "lease_day" CHECK ((("payment_day" >= 1) AND ("payment_day" <= 31)))
);

ALTER TABLE "clientarea_lease" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_lease_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_notice" (
    "id" bigint NOT NULL,
    "kind" character varying(10) NOT NULL,
    "key" character varying(100) NOT NULL,
    "data" "jsonb" NOT NULL,
    "link" character varying(200) NOT NULL,
    "listed" boolean NOT NULL,
    "created_at" timestamp with time zone NOT NULL,
    "read_at" timestamp with time zone,
    "client_id" bigint NOT NULL,
    CONSTRAINT "notice_link_inside" CHECK (((("link")::"text" = ''::"text") OR (("link")::"text" ~~ '/area-de-clientes/%'::"text")))
);

ALTER TABLE "clientarea_notice" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_notice_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_noticechoice" (
    "id" bigint NOT NULL,
    "kind" character varying(10) NOT NULL,
    "portal" boolean NOT NULL,
    "mail" boolean NOT NULL,
    "client_id" bigint NOT NULL
);

ALTER TABLE "clientarea_noticechoice" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_noticechoice_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_ownership" (
    "id" bigint NOT NULL,
    "share" numeric(5,2) NOT NULL,
    "owner_id" bigint NOT NULL,
    "unit_id" bigint NOT NULL,
    CONSTRAINT "ownership_share" CHECK ((("share" > (0)::numeric) AND ("share" <= (100)::numeric)))
);

ALTER TABLE "clientarea_ownership" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_ownership_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_paper" (
    "id" bigint NOT NULL,
    "kind" character varying(40) NOT NULL,
    "key" character varying(64) NOT NULL,
    "asked" "jsonb" NOT NULL,
    "name" character varying(120) NOT NULL,
    "title" character varying(200) NOT NULL,
    "state" character varying(8) NOT NULL,
    "tries" smallint NOT NULL,
    "asked_at" timestamp with time zone NOT NULL,
    "made_at" timestamp with time zone,
    "path" character varying(100) NOT NULL,
    "content_type" character varying(80) NOT NULL,
    "size" integer NOT NULL,
    "client_id" bigint NOT NULL,
    CONSTRAINT "clientarea_paper_size_check" CHECK (("size" >= 0)),
    CONSTRAINT "clientarea_paper_tries_check" CHECK (("tries" >= 0)),
    CONSTRAINT "paper_made" CHECK (((("made_at" IS NOT NULL) AND (("state")::"text" = 'made'::"text") AND (NOT (("path")::"text" = ''::"text"))) OR ((NOT (("state")::"text" = 'made'::"text")) AND ("made_at" IS NULL) AND (("path")::"text" = ''::"text"))))
);

ALTER TABLE "clientarea_paper" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_paper_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_portalview" (
    "id" bigint NOT NULL,
    "staff_name" character varying(200) NOT NULL,
    "path" character varying(200) NOT NULL,
    "seen_at" timestamp with time zone NOT NULL,
    "client_id" bigint NOT NULL,
    "staff_id" bigint NOT NULL
);

ALTER TABLE "clientarea_portalview" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_portalview_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "clientarea_unit" (
    "id" bigint NOT NULL,
    "code" character varying(20) NOT NULL,
    "kind" character varying(40) NOT NULL,
    "address" character varying(200) NOT NULL,
    "city" character varying(80) NOT NULL,
    "neighbourhood" character varying(80) NOT NULL,
    "stratum" smallint,
    "registry" character varying(40) NOT NULL,
    "archived_at" timestamp with time zone,
    CONSTRAINT "clientarea_unit_stratum_check" CHECK (("stratum" >= 0))
);

ALTER TABLE "clientarea_unit" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "clientarea_unit_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "django_migrations" (
    "id" bigint NOT NULL,
    "app" character varying(255) NOT NULL,
    "name" character varying(255) NOT NULL,
    "applied" timestamp with time zone NOT NULL
);

ALTER TABLE "django_migrations" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "django_migrations_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "django_session" (
    "session_key" character varying(40) NOT NULL,
    "session_data" "text" NOT NULL,
    "expire_date" timestamp with time zone NOT NULL
);

CREATE TABLE "jobs_job" (
    "id" bigint NOT NULL,
    "kind" character varying(60) NOT NULL,
    "key" character varying(200) NOT NULL,
    "payload" "jsonb" NOT NULL,
    "created_at" timestamp with time zone NOT NULL,
    "due_at" timestamp with time zone NOT NULL,
    "attempts" integer NOT NULL,
    "lease_token" "uuid",
    "lease_until" timestamp with time zone,
    "done_at" timestamp with time zone,
    "dead_at" timestamp with time zone,
    "last_error" "text" NOT NULL,
    CONSTRAINT "jobs_job_attempts_check" CHECK (("attempts" >= 0))
);

ALTER TABLE "jobs_job" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "jobs_job_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "mfa_authenticator" (
    "id" bigint NOT NULL,
    "type" character varying(20) NOT NULL,
    "data" "jsonb" NOT NULL,
    "user_id" bigint NOT NULL,
    "created_at" timestamp with time zone NOT NULL,
    "last_used_at" timestamp with time zone
);

ALTER TABLE "mfa_authenticator" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "mfa_authenticator_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_attempt" (
    "id" bigint NOT NULL,
    "reference" character varying(60) NOT NULL,
    "amount" numeric(14,2) NOT NULL,
    "currency" character varying(3) NOT NULL,
    "test" boolean NOT NULL,
    "state" character varying(10) NOT NULL,
    "credited" smallint NOT NULL,
    "gateway_order" character varying(60) NOT NULL,
    "gateway_transaction" character varying(80) NOT NULL,
    "means" character varying(60) NOT NULL,
    "authorisation" character varying(60) NOT NULL,
    "cus" character varying(60) NOT NULL,
    "response_code" character varying(80) NOT NULL,
    "created_at" timestamp with time zone NOT NULL,
    "returned_at" timestamp with time zone,
    "returned_state" character varying(10) NOT NULL,
    "asked_at" timestamp with time zone,
    "asked_times" smallint NOT NULL,
    "settled_at" timestamp with time zone,
    "account_id" bigint NOT NULL,
    "payment_id" bigint NOT NULL,
    CONSTRAINT "attempt_amount" CHECK (("amount" > (0)::numeric)),
    CONSTRAINT "payments_attempt_asked_times_check" CHECK (("asked_times" >= 0)),
    CONSTRAINT "payments_attempt_credited_check" CHECK (("credited" >= 0))
);

ALTER TABLE "payments_attempt" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_attempt_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_bankfile" (
    "id" bigint NOT NULL,
    "name" character varying(100) NOT NULL,
    "rows" "jsonb" NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "applied_at" timestamp with time zone,
    "outcome" "jsonb" NOT NULL,
    "made_by_id" bigint NOT NULL
);

ALTER TABLE "payments_bankfile" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_bankfile_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_callback" (
    "id" bigint NOT NULL,
    "source" character varying(6) NOT NULL,
    "digest" character varying(64) NOT NULL,
    "body" "text" NOT NULL,
    "content_type" character varying(100) NOT NULL,
    "reference" character varying(60) NOT NULL,
    "remote_address" "inet",
    "received_at" timestamp with time zone NOT NULL,
    "times" integer NOT NULL,
    "state" character varying(12) NOT NULL,
    "reason" character varying(60) NOT NULL,
    "processed_at" timestamp with time zone,
    "attempt_id" bigint,
    CONSTRAINT "payments_callback_times_check" CHECK (("times" >= 0))
);

ALTER TABLE "payments_callback" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_callback_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_contact" (
    "id" bigint NOT NULL,
    "on" "date" NOT NULL,
    "state" character varying(7) NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "sent_at" timestamp with time zone,
    "client_id" bigint NOT NULL,
    "beside_id" bigint
);

ALTER TABLE "payments_contact" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_contact_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_counter" (
    "name" character varying(40) NOT NULL,
    "value" bigint NOT NULL,
    CONSTRAINT "payments_counter_value_check" CHECK (("value" >= 0))
);

CREATE TABLE "payments_creditnote" (
    "id" bigint NOT NULL,
    "prefix" character varying(10) NOT NULL,
    "number" bigint NOT NULL,
    "key" "uuid" NOT NULL,
    "issued_on" "date" NOT NULL,
    "amount" numeric(14,2) NOT NULL,
    "iva" numeric(14,2) NOT NULL,
    "reason" character varying(200) NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "client_id" bigint NOT NULL,
    "invoice_id" bigint NOT NULL,
    "made_by_id" bigint NOT NULL,
    "resolution_id" bigint NOT NULL,
    CONSTRAINT "credit_note_amounts" CHECK ((("amount" > (0)::numeric) AND ("iva" >= (0)::numeric) AND ("iva" <= "amount"))),
    CONSTRAINT "payments_creditnote_number_check" CHECK (("number" >= 0))
);

ALTER TABLE "payments_creditnote" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_creditnote_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_credituse" (
    "id" bigint NOT NULL,
    "key" "uuid" NOT NULL,
    "amount" numeric(14,2) NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "client_id" bigint NOT NULL,
    "made_by_id" bigint,
    CONSTRAINT "credit_use_amount" CHECK (("amount" > (0)::numeric))
);

ALTER TABLE "payments_credituse" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_credituse_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_gatewayaccount" (
    "id" bigint NOT NULL,
    "provider" character varying(20) NOT NULL,
    "merchant_id" character varying(12) NOT NULL,
    "account_id" character varying(12) NOT NULL,
    "api_login" "text" NOT NULL,
    "api_key" "text" NOT NULL,
    "previous_api_key" "text" NOT NULL,
    "hmac_secret" "text" NOT NULL,
    "algorithm" character varying(12) NOT NULL,
    "test" boolean NOT NULL,
    "active" boolean NOT NULL,
    "created_at" timestamp with time zone NOT NULL,
    "told" "jsonb" NOT NULL
);

ALTER TABLE "payments_gatewayaccount" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_gatewayaccount_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_invoice" (
    "id" bigint NOT NULL,
    "kind" character varying(10) NOT NULL,
    "prefix" character varying(10) NOT NULL,
    "number" bigint NOT NULL,
    "period" "date" NOT NULL,
    "issued_on" "date" NOT NULL,
    "due_on" "date" NOT NULL,
    "concept" character varying(200) NOT NULL,
    "base" numeric(14,2) NOT NULL,
    "administration" numeric(14,2) NOT NULL,
    "iva" numeric(14,2) NOT NULL,
    "withholding" numeric(14,2) NOT NULL,
    "total" numeric(14,2) NOT NULL,
    "applied" numeric(14,2) NOT NULL,
    "cufe" character varying(200) NOT NULL,
    "voided_at" timestamp with time zone,
    "created_at" timestamp with time zone NOT NULL,
    "client_id" bigint NOT NULL,
    "lease_id" bigint,
    "credited" numeric(14,2) NOT NULL,
    "entry_key" "uuid",
    "extras" numeric(14,2) NOT NULL,
    "issued_by_id" bigint,
    "mail_asked_at" timestamp with time zone,
    "mailed_at" timestamp with time zone,
    "voided_by_id" bigint,
    "voided_reason" character varying(200) NOT NULL,
    "run_id" bigint,
    "resolution_id" bigint,
    CONSTRAINT "invoice_adds_up" CHECK ((("resolution_id" IS NULL) OR ("total" = (((("base" + "administration") + "extras") + "iva") - "withholding")))),
    CONSTRAINT "invoice_amounts" CHECK ((("applied" >= (0)::numeric) AND ("total" >= (0)::numeric))),
    CONSTRAINT "invoice_credited" CHECK ((("credited" >= (0)::numeric) AND ("credited" <= "applied"))),
    CONSTRAINT "invoice_not_overpaid" CHECK (("applied" <= "total")),
    CONSTRAINT "payments_invoice_number_check" CHECK (("number" >= 0))
);

ALTER TABLE "payments_invoice" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_invoice_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_invoiceline" (
    "id" bigint NOT NULL,
    "position" smallint NOT NULL,
    "kind" character varying(10) NOT NULL,
    "concept" character varying(150) NOT NULL,
    "amount" numeric(14,2) NOT NULL,
    "iva" numeric(14,2) NOT NULL,
    "since" "date",
    "until" "date",
    "about_id" bigint,
    "invoice_id" bigint NOT NULL,
    CONSTRAINT "invoice_line_amounts" CHECK ((("amount" > (0)::numeric) AND ("iva" >= (0)::numeric))),
    CONSTRAINT "payments_invoiceline_position_check" CHECK (("position" >= 0))
);

ALTER TABLE "payments_invoiceline" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_invoiceline_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_invoicepaper" (
    "id" bigint NOT NULL,
    "kind" character varying(3) NOT NULL,
    "path" character varying(200) NOT NULL,
    "size" integer NOT NULL,
    "sha256" character varying(64) NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "invoice_id" bigint NOT NULL,
    "made_by_id" bigint NOT NULL,
    CONSTRAINT "payments_invoicepaper_size_check" CHECK (("size" >= 0))
);

ALTER TABLE "payments_invoicepaper" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_invoicepaper_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_invoicerun" (
    "id" bigint NOT NULL,
    "kind" character varying(10) NOT NULL,
    "period" "date" NOT NULL,
    "issued_on" "date" NOT NULL,
    "state" character varying(8) NOT NULL,
    "key" "uuid" NOT NULL,
    "rounds" smallint NOT NULL,
    "note" character varying(300) NOT NULL,
    "asked_at" timestamp with time zone NOT NULL,
    "done_at" timestamp with time zone,
    "asked_by_id" bigint NOT NULL,
    CONSTRAINT "payments_invoicerun_rounds_check" CHECK (("rounds" >= 0))
);

ALTER TABLE "payments_invoicerun" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_invoicerun_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_invoicingpolicy" (
    "id" smallint NOT NULL,
    "late_rate" numeric(6,3) NOT NULL,
    "late_grace" smallint NOT NULL,
    "late_since" "date",
    "iva_rate" numeric(6,3) NOT NULL,
    "commission_iva_rate" numeric(6,3) NOT NULL,
    CONSTRAINT "invoicing_policy_rates" CHECK ((("iva_rate" >= (0)::numeric) AND ("iva_rate" <= (100)::numeric) AND ("late_rate" >= (0)::numeric) AND ("late_rate" <= (10)::numeric) AND ("commission_iva_rate" >= (0)::numeric) AND ("commission_iva_rate" <= (100)::numeric))),
    CONSTRAINT "invoicing_policy_single" CHECK (("id" = 1)),
    CONSTRAINT "payments_invoicingpolicy_id_check" CHECK (("id" >= 0)),
    CONSTRAINT "payments_invoicingpolicy_late_grace_check" CHECK (("late_grace" >= 0))
);

CREATE TABLE "payments_liquidation" (
    "id" bigint NOT NULL,
    "period" "date" NOT NULL,
    "until" "date" NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "lease_id" bigint NOT NULL,
    "made_by_id" bigint NOT NULL
);

ALTER TABLE "payments_liquidation" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_liquidation_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_movement" (
    "id" bigint NOT NULL,
    "kind" character varying(10) NOT NULL,
    "amount" numeric(14,2) NOT NULL,
    "on" "date" NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "attempt_id" bigint,
    "client_id" bigint NOT NULL,
    "invoice_id" bigint,
    "payment_id" bigint,
    "credit_use_id" bigint,
    "reversal_id" bigint,
    "credit_note_id" bigint,
    CONSTRAINT "movement_not_zero" CHECK ((NOT ("amount" = (0)::numeric)))
);

ALTER TABLE "payments_movement" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_movement_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_ownerbank" (
    "id" bigint NOT NULL,
    "bank" character varying(60) NOT NULL,
    "kind" character varying(8) NOT NULL,
    "account" "text" NOT NULL,
    "ending" character varying(4) NOT NULL,
    "owner_id" bigint NOT NULL
);

ALTER TABLE "payments_ownerbank" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_ownerbank_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_payment" (
    "id" bigint NOT NULL,
    "source" character varying(10) NOT NULL,
    "state" character varying(10) NOT NULL,
    "amount" numeric(14,2) NOT NULL,
    "means" character varying(60) NOT NULL,
    "reference" character varying(80) NOT NULL,
    "reason" character varying(200) NOT NULL,
    "paid_on" "date",
    "payer_name" character varying(150) NOT NULL,
    "payer_email" character varying(254) NOT NULL,
    "payer_phone" character varying(20) NOT NULL,
    "payer_document_type" character varying(3) NOT NULL,
    "payer_document" character varying(25) NOT NULL,
    "created_at" timestamp with time zone NOT NULL,
    "settled_at" timestamp with time zone,
    "client_id" bigint NOT NULL,
    "basis" character varying(10) NOT NULL,
    "credited_by_id" bigint,
    "entered_by_id" bigint,
    "entry_key" "uuid",
    "gateway_transaction" character varying(80) NOT NULL,
    CONSTRAINT "payment_amount" CHECK (("amount" > (0)::numeric))
);

ALTER TABLE "payments_payment" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_payment_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_paymentline" (
    "id" bigint NOT NULL,
    "amount" numeric(14,2) NOT NULL,
    "invoice_id" bigint NOT NULL,
    "payment_id" bigint NOT NULL,
    CONSTRAINT "payment_line_amount" CHECK (("amount" > (0)::numeric))
);

ALTER TABLE "payments_paymentline" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_paymentline_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_paymentpolicy" (
    "id" smallint NOT NULL,
    "partial" boolean NOT NULL,
    "minimum" numeric(14,2) NOT NULL,
    "use_credit" boolean NOT NULL,
    CONSTRAINT "payment_policy_minimum" CHECK (("minimum" > (0)::numeric)),
    CONSTRAINT "payment_policy_single" CHECK (("id" = 1)),
    CONSTRAINT "payments_paymentpolicy_id_check" CHECK (("id" >= 0))
);

CREATE TABLE "payments_payout" (
    "id" bigint NOT NULL,
    "prefix" character varying(10) NOT NULL,
    "number" bigint NOT NULL,
    "period" "date" NOT NULL,
    "paid_on" "date" NOT NULL,
    "collected" numeric(14,2) NOT NULL,
    "commission" numeric(14,2) NOT NULL,
    "commission_iva" numeric(14,2) NOT NULL,
    "withholdings" numeric(14,2) NOT NULL,
    "other" numeric(14,2) NOT NULL,
    "net" numeric(14,2) NOT NULL,
    "bank" character varying(60) NOT NULL,
    "account" character varying(30) NOT NULL,
    "lease_id" bigint NOT NULL,
    "owner_id" bigint NOT NULL,
    CONSTRAINT "payments_payout_number_check" CHECK (("number" >= 0))
);

ALTER TABLE "payments_payout" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_payout_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_payoutcommission" (
    "id" bigint NOT NULL,
    "amount" numeric(14,2) NOT NULL,
    "invoice_id" bigint NOT NULL,
    "movement_id" bigint,
    "line_id" bigint NOT NULL,
    CONSTRAINT "payout_commission_amount" CHECK (("amount" > (0)::numeric))
);

ALTER TABLE "payments_payoutcommission" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_payoutcommission_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_payoutdeduction" (
    "id" bigint NOT NULL,
    "kind" character varying(12) NOT NULL,
    "concept" character varying(120) NOT NULL,
    "amount" numeric(14,2) NOT NULL,
    "key" "uuid" NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "made_by_id" bigint NOT NULL,
    "line_id" bigint NOT NULL,
    CONSTRAINT "payout_deduction_amount" CHECK (("amount" > (0)::numeric))
);

ALTER TABLE "payments_payoutdeduction" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_payoutdeduction_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_payoutline" (
    "id" bigint NOT NULL,
    "share" numeric(5,2) NOT NULL,
    "collected" numeric(14,2) NOT NULL,
    "commission" numeric(14,2) NOT NULL,
    "commission_iva" numeric(14,2) NOT NULL,
    "withholdings" numeric(14,2) NOT NULL,
    "other" numeric(14,2) NOT NULL,
    "net" numeric(14,2) NOT NULL,
    "liquidation_id" bigint NOT NULL,
    "payout_id" bigint,
    "order_id" bigint NOT NULL,
    CONSTRAINT "payout_line_adds_up" CHECK (("net" = (((("collected" - "commission") - "commission_iva") - "withholdings") - "other")))
);

ALTER TABLE "payments_payoutline" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_payoutline_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_payoutorder" (
    "id" bigint NOT NULL,
    "state" character varying(8) NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "reviewed_at" timestamp with time zone,
    "paid_at" timestamp with time zone,
    "paid_on" "date",
    "bank_reference" character varying(60) NOT NULL,
    "owner_id" bigint NOT NULL,
    "paid_by_id" bigint,
    "reviewed_by_id" bigint,
    CONSTRAINT "payout_order_paid" CHECK (((NOT (("state")::"text" = 'paid'::"text")) OR (("paid_by_id" IS NOT NULL) AND ("paid_on" IS NOT NULL)))),
    CONSTRAINT "payout_order_reviewed" CHECK (((("state")::"text" = 'draft'::"text") OR ("reviewed_by_id" IS NOT NULL)))
);

ALTER TABLE "payments_payoutorder" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_payoutorder_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_payoutsource" (
    "id" bigint NOT NULL,
    "rent" numeric(14,2) NOT NULL,
    "withheld" numeric(14,2) NOT NULL,
    "liquidation_id" bigint NOT NULL,
    "movement_id" bigint NOT NULL
);

ALTER TABLE "payments_payoutsource" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_payoutsource_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_proof" (
    "id" bigint NOT NULL,
    "path" character varying(200) NOT NULL,
    "name" character varying(60) NOT NULL,
    "content_type" character varying(40) NOT NULL,
    "size" integer NOT NULL,
    "sha256" character varying(64) NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "made_by_id" bigint NOT NULL,
    "payment_id" bigint NOT NULL,
    CONSTRAINT "payments_proof_size_check" CHECK (("size" >= 0))
);

ALTER TABLE "payments_proof" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_proof_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_receipt" (
    "id" bigint NOT NULL,
    "prefix" character varying(10) NOT NULL,
    "number" bigint NOT NULL,
    "amount" numeric(14,2) NOT NULL,
    "issued_at" timestamp with time zone NOT NULL,
    "code" character varying(24) NOT NULL,
    "content" "jsonb" NOT NULL,
    "client_id" bigint NOT NULL,
    "payment_id" bigint NOT NULL,
    CONSTRAINT "payments_receipt_number_check" CHECK (("number" >= 0))
);

ALTER TABLE "payments_receipt" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_receipt_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_receiptfile" (
    "id" bigint NOT NULL,
    "path" character varying(200) NOT NULL,
    "sha256" character varying(64) NOT NULL,
    "size" integer NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "receipt_id" bigint NOT NULL,
    CONSTRAINT "payments_receiptfile_size_check" CHECK (("size" >= 0))
);

ALTER TABLE "payments_receiptfile" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_receiptfile_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_refund" (
    "id" bigint NOT NULL,
    "key" "uuid" NOT NULL,
    "amount" numeric(14,2) NOT NULL,
    "reason" character varying(200) NOT NULL,
    "state" character varying(10) NOT NULL,
    "message" character varying(300) NOT NULL,
    "gateway_transaction" character varying(80) NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "sent_at" timestamp with time zone,
    "asked_at" timestamp with time zone,
    "decided_at" timestamp with time zone,
    "attempt_id" bigint NOT NULL,
    "made_by_id" bigint NOT NULL,
    "payment_id" bigint NOT NULL,
    CONSTRAINT "refund_amount" CHECK (("amount" > (0)::numeric)),
    CONSTRAINT "refund_decided_later" CHECK ((("decided_at" IS NULL) OR ("decided_at" >= "made_at")))
);

ALTER TABLE "payments_refund" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_refund_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_reminder" (
    "id" bigint NOT NULL,
    "kind" character varying(4) NOT NULL,
    "turn" smallint NOT NULL,
    "contact_id" bigint NOT NULL,
    "invoice_id" bigint NOT NULL,
    CONSTRAINT "payments_reminder_turn_check" CHECK (("turn" >= 0)),
    CONSTRAINT "reminder_turn" CHECK (("turn" >= 1))
);

ALTER TABLE "payments_reminder" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_reminder_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_reminderpolicy" (
    "id" smallint NOT NULL,
    "soon" boolean NOT NULL,
    "days_before" smallint NOT NULL,
    "late" boolean NOT NULL,
    "days_after" smallint NOT NULL,
    "repeat_days" smallint NOT NULL,
    "most" smallint NOT NULL,
    "weekly" smallint NOT NULL,
    "soon_text" "text" NOT NULL,
    "late_text" "text" NOT NULL,
    CONSTRAINT "payments_reminderpolicy_days_after_check" CHECK (("days_after" >= 0)),
    CONSTRAINT "payments_reminderpolicy_days_before_check" CHECK (("days_before" >= 0)),
    CONSTRAINT "payments_reminderpolicy_id_check" CHECK (("id" >= 0)),
    CONSTRAINT "payments_reminderpolicy_most_check" CHECK (("most" >= 0)),
    CONSTRAINT "payments_reminderpolicy_repeat_days_check" CHECK (("repeat_days" >= 0)),
    CONSTRAINT "payments_reminderpolicy_weekly_check" CHECK (("weekly" >= 0)),
    CONSTRAINT "reminder_policy_days" CHECK ((("days_after" >= 1) AND ("days_after" <= 60) AND ("days_before" >= 1) AND ("days_before" <= 15))),
    CONSTRAINT "reminder_policy_often" CHECK ((("most" >= 1) AND ("most" <= 12) AND ("repeat_days" >= 3) AND ("repeat_days" <= 60) AND ("weekly" >= 1) AND ("weekly" <= 3))),
    CONSTRAINT "reminder_policy_single" CHECK (("id" = 1))
);

CREATE TABLE "payments_rentincrease" (
    "id" bigint NOT NULL,
    "from_on" "date" NOT NULL,
    "percent" numeric(6,3) NOT NULL,
    "ipc_year" smallint NOT NULL,
    "old_rent" numeric(14,2) NOT NULL,
    "new_rent" numeric(14,2) NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "notified_at" timestamp with time zone,
    "applied_at" timestamp with time zone,
    "lease_id" bigint NOT NULL,
    "made_by_id" bigint NOT NULL,
    CONSTRAINT "payments_rentincrease_ipc_year_check" CHECK (("ipc_year" >= 0)),
    CONSTRAINT "rent_increase_told_first" CHECK ((("applied_at" IS NULL) OR ("notified_at" IS NOT NULL))),
    CONSTRAINT "rent_increase_up" CHECK ((("new_rent" > "old_rent") AND ("percent" > (0)::numeric)))
);

ALTER TABLE "payments_rentincrease" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_rentincrease_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_resolution" (
    "id" bigint NOT NULL,
    "series" character varying(10) NOT NULL,
    "prefix" character varying(10) NOT NULL,
    "first" bigint NOT NULL,
    "last" bigint NOT NULL,
    "given" bigint NOT NULL,
    "text" character varying(200) NOT NULL,
    "valid_from" "date",
    "valid_until" "date",
    "active" boolean NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "made_by_id" bigint NOT NULL,
    CONSTRAINT "payments_resolution_first_check" CHECK (("first" >= 0)),
    CONSTRAINT "payments_resolution_given_check" CHECK (("given" >= 0)),
    CONSTRAINT "payments_resolution_last_check" CHECK (("last" >= 0)),
    CONSTRAINT "resolution_given" CHECK ((("given" >= ("first" - 1)) AND ("given" <= "last"))),
    CONSTRAINT "resolution_range" CHECK ((("first" >= 1) AND ("last" >= "first")))
);

ALTER TABLE "payments_resolution" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_resolution_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_reversal" (
    "id" bigint NOT NULL,
    "prefix" character varying(10) NOT NULL,
    "number" bigint NOT NULL,
    "key" character varying(120) NOT NULL,
    "kind" character varying(10) NOT NULL,
    "amount" numeric(14,2) NOT NULL,
    "reason" character varying(300) NOT NULL,
    "evidence" "jsonb" NOT NULL,
    "made_at" timestamp with time zone NOT NULL,
    "client_id" bigint NOT NULL,
    "made_by_id" bigint,
    "payment_id" bigint NOT NULL,
    CONSTRAINT "payments_reversal_number_check" CHECK (("number" >= 0)),
    CONSTRAINT "reversal_amount" CHECK (("amount" > (0)::numeric)),
    CONSTRAINT "reversal_on_whose_word" CHECK ((((("kind")::"text" = 'staff'::"text") AND ("made_by_id" IS NOT NULL)) OR ((NOT (("kind")::"text" = 'staff'::"text")) AND (NOT ("evidence" = '{}'::"jsonb")))))
);

ALTER TABLE "payments_reversal" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_reversal_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_review" (
    "id" bigint NOT NULL,
    "kind" character varying(40) NOT NULL,
    "key" character varying(120) NOT NULL,
    "text" "text" NOT NULL,
    "created_at" timestamp with time zone NOT NULL,
    "closed_at" timestamp with time zone,
    "attempt_id" bigint,
    "callback_id" bigint,
    "payment_id" bigint,
    "closed_by_id" bigint,
    "evidence" "jsonb" NOT NULL,
    "note" "text" NOT NULL,
    CONSTRAINT "review_closed_by" CHECK (((("closed_at" IS NULL) AND ("closed_by_id" IS NULL)) OR (("closed_at" IS NOT NULL) AND ("closed_by_id" IS NOT NULL))))
);

ALTER TABLE "payments_review" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_review_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_runitem" (
    "id" bigint NOT NULL,
    "state" character varying(8) NOT NULL,
    "reason" character varying(200) NOT NULL,
    "collected" numeric(14,2) NOT NULL,
    "invoice_id" bigint,
    "lease_id" bigint NOT NULL,
    "owner_id" bigint,
    "run_id" bigint NOT NULL
);

ALTER TABLE "payments_runitem" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_runitem_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_transferproof" (
    "id" bigint NOT NULL,
    "path" character varying(200) NOT NULL,
    "name" character varying(60) NOT NULL,
    "content_type" character varying(40) NOT NULL,
    "size" integer NOT NULL,
    "sha256" character varying(64) NOT NULL,
    "sent_at" timestamp with time zone NOT NULL,
    "state" character varying(10) NOT NULL,
    "bank_reference" character varying(60) NOT NULL,
    "reason" character varying(200) NOT NULL,
    "decided_at" timestamp with time zone,
    "attempt_id" bigint NOT NULL,
    "decided_by_id" bigint,
    CONSTRAINT "payments_transferproof_size_check" CHECK (("size" >= 0)),
    CONSTRAINT "transfer_decided_by" CHECK (((("state")::"text" = 'pending'::"text") OR ("decided_by_id" IS NOT NULL))),
    CONSTRAINT "transfer_rejected_why" CHECK (((NOT (("state")::"text" = 'declined'::"text")) OR (NOT (("reason")::"text" = ''::"text"))))
);

ALTER TABLE "payments_transferproof" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "payments_transferproof_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "payments_yearfigures" (
    "year" smallint NOT NULL,
    "ipc" numeric(6,3),
    "uvt" numeric(14,2),
    "withholding_rate" numeric(6,3),
    "withholding_base" smallint,
    CONSTRAINT "payments_yearfigures_withholding_base_check" CHECK (("withholding_base" >= 0)),
    CONSTRAINT "payments_yearfigures_year_check" CHECK (("year" >= 0)),
    CONSTRAINT "year_figures_amounts" CHECK ((("uvt" > (0)::numeric) AND ("withholding_rate" >= (0)::numeric) AND ("withholding_rate" <= (100)::numeric))),
    CONSTRAINT "year_figures_year" CHECK ((("year" >= 2000) AND ("year" <= 2100)))
);

CREATE TABLE "pqrs_attachment" (
    "id" bigint NOT NULL,
    "name" character varying(120) NOT NULL,
    "path" character varying(100) NOT NULL,
    "content_type" character varying(20) NOT NULL,
    "size" integer NOT NULL,
    "added_at" timestamp with time zone NOT NULL,
    "case_id" bigint NOT NULL,
    "message_id" bigint,
    CONSTRAINT "attachment_type" CHECK (("content_type" IN ('image/jpeg', 'image/png', 'application/pdf'))),
    CONSTRAINT "pqrs_attachment_size_check" CHECK (("size" >= 0))
);

ALTER TABLE "pqrs_attachment" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "pqrs_attachment_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "pqrs_cannedanswer" (
    "id" bigint NOT NULL,
    "title" character varying(80) NOT NULL,
    "text" "text" NOT NULL
);

ALTER TABLE "pqrs_cannedanswer" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "pqrs_cannedanswer_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "pqrs_case" (
    "id" bigint NOT NULL,
    "number" character varying(11) NOT NULL,
    "kind" character varying(10) NOT NULL,
    "subject" character varying(12) NOT NULL,
    "state" character varying(12) NOT NULL,
    "description" "text" NOT NULL,
    "opened_at" timestamp with time zone NOT NULL,
    "due_on" "date" NOT NULL,
    "client_id" bigint NOT NULL,
    "lease_id" bigint,
    "unit_id" bigint,
    "answered_at" timestamp with time zone,
    "assigned_to_id" bigint,
    "channel" character varying(8) NOT NULL,
    "extended" boolean NOT NULL,
    "first_answer_days" smallint,
    "first_answer_in_time" boolean,
    "first_answered_on" "date",
    "rated_at" timestamp with time zone,
    "rating" smallint,
    "rating_comment" "text" NOT NULL,
    "received_on" "date" NOT NULL,
    CONSTRAINT "case_first_answer" CHECK (((("first_answer_days" IS NULL) AND ("first_answer_in_time" IS NULL) AND ("first_answered_on" IS NULL)) OR (("first_answer_days" IS NOT NULL) AND ("first_answer_in_time" IS NOT NULL) AND ("first_answered_on" IS NOT NULL)))),
    CONSTRAINT "case_rating" CHECK (((("rated_at" IS NULL) AND ("rating" IS NULL)) OR (("rated_at" IS NOT NULL) AND ("rating" >= 1) AND ("rating" <= 5)))),
    CONSTRAINT "pqrs_case_first_answer_days_check" CHECK (("first_answer_days" >= 0)),
    CONSTRAINT "pqrs_case_rating_check" CHECK (("rating" >= 0))
);

ALTER TABLE "pqrs_case" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "pqrs_case_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "pqrs_casecounter" (
    "year" smallint NOT NULL,
    "value" integer NOT NULL,
    CONSTRAINT "pqrs_casecounter_value_check" CHECK (("value" >= 0)),
    CONSTRAINT "pqrs_casecounter_year_check" CHECK (("year" >= 0))
);

CREATE TABLE "pqrs_caseevent" (
    "id" bigint NOT NULL,
    "kind" character varying(10) NOT NULL,
    "from_state" character varying(12) NOT NULL,
    "to_state" character varying(12) NOT NULL,
    "by_name" character varying(200) NOT NULL,
    "detail" character varying(300) NOT NULL,
    "at" timestamp with time zone NOT NULL,
    "by_id" bigint,
    "case_id" bigint NOT NULL,
    "message_id" bigint
);

ALTER TABLE "pqrs_caseevent" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "pqrs_caseevent_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "pqrs_caseterm" (
    "kind" character varying(10) NOT NULL,
    "days" smallint NOT NULL,
    "extra_days" smallint NOT NULL,
    CONSTRAINT "pqrs_caseterm_days_check" CHECK (("days" >= 0)),
    CONSTRAINT "pqrs_caseterm_extra_days_check" CHECK (("extra_days" >= 0)),
    CONSTRAINT "term_at_most_double" CHECK (("extra_days" <= "days")),
    CONSTRAINT "term_days" CHECK ((("days" >= 1) AND ("days" <= 60)))
);

CREATE TABLE "pqrs_message" (
    "id" bigint NOT NULL,
    "from_staff" boolean NOT NULL,
    "author" character varying(200) NOT NULL,
    "text" "text" NOT NULL,
    "written_at" timestamp with time zone NOT NULL,
    "case_id" bigint NOT NULL,
    "purpose" character varying(10) NOT NULL
);

ALTER TABLE "pqrs_message" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "pqrs_message_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "pqrs_note" (
    "id" bigint NOT NULL,
    "author" character varying(200) NOT NULL,
    "text" "text" NOT NULL,
    "written_at" timestamp with time zone NOT NULL,
    "case_id" bigint NOT NULL
);

ALTER TABLE "pqrs_note" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "pqrs_note_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE "usersessions_usersession" (
    "id" bigint NOT NULL,
    "created_at" timestamp with time zone NOT NULL,
    "ip" "inet" NOT NULL,
    "last_seen_at" timestamp with time zone NOT NULL,
    "session_key" character varying(40) NOT NULL,
    "user_agent" character varying(200) NOT NULL,
    "data" "jsonb" NOT NULL,
    "user_id" bigint NOT NULL
);

ALTER TABLE "usersessions_usersession" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "usersessions_usersession_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

INSERT INTO "django_migrations" ("id", "app", "name", "applied") VALUES
	(1, 'accounts', '0001_initial', now()),
	(2, 'account', '0001_initial', now()),
	(3, 'account', '0002_email_max_length', now()),
	(4, 'account', '0003_alter_emailaddress_create_unique_verified_email', now()),
	(5, 'account', '0004_alter_emailaddress_drop_unique_email', now()),
	(6, 'account', '0005_emailaddress_idx_upper_email', now()),
	(7, 'account', '0006_emailaddress_lower', now()),
	(8, 'account', '0007_emailaddress_idx_email', now()),
	(9, 'account', '0008_emailaddress_unique_primary_email_fixup', now()),
	(10, 'account', '0009_emailaddress_unique_primary_email', now()),
	(11, 'accounts', '0002_staff_roles_and_consents', now()),
	(12, 'accounts', '0003_language', now()),
	(13, 'accounts', '0004_policy_and_links', now()),
	(14, 'accounts', '0005_mail_refused_for', now()),
	(15, 'contenttypes', '0001_initial', now()),
	(16, 'admin', '0001_initial', now()),
	(17, 'admin', '0002_logentry_remove_auto_add', now()),
	(18, 'admin', '0003_logentry_add_action_flag_choices', now()),
	(19, 'api', '0001_initial', now()),
	(20, 'audit', '0001_initial', now()),
	(21, 'contenttypes', '0002_remove_content_type_name', now()),
	(22, 'auth', '0001_initial', now()),
	(23, 'auth', '0002_alter_permission_name_max_length', now()),
	(24, 'auth', '0003_alter_user_email_max_length', now()),
	(25, 'auth', '0004_alter_user_username_opts', now()),
	(26, 'auth', '0005_alter_user_last_login_null', now()),
	(27, 'auth', '0006_require_contenttypes_0002', now()),
	(28, 'auth', '0007_alter_validators_add_error_messages', now()),
	(29, 'auth', '0008_alter_user_username_max_length', now()),
	(30, 'auth', '0009_alter_user_last_name_max_length', now()),
	(31, 'auth', '0010_alter_group_name_max_length', now()),
	(32, 'auth', '0011_update_proxy_permissions', now()),
	(33, 'auth', '0012_alter_user_first_name_max_length', now()),
	(34, 'clientarea', '0001_initial', now()),
	(35, 'clientarea', '0002_desk', now()),
	(36, 'clientarea', '0003_files_and_papers', now()),
	(37, 'clientarea', '0004_notices', now()),
	(38, 'clientarea', '0005_taxes', now()),
	(39, 'clientarea', '0006_book', now()),
	(40, 'clientarea', '0007_unit_archived', now()),
	(41, 'jobs', '0001_initial', now()),
	(42, 'mfa', '0001_initial', now()),
	(43, 'mfa', '0002_authenticator_timestamps', now()),
	(44, 'mfa', '0003_authenticator_type_uniq', now()),
	(45, 'payments', '0001_initial', now()),
	(46, 'payments', '0002_desk_money', now()),
	(47, 'payments', '0003_guards', now()),
	(48, 'payments', '0004_payment_policy', now()),
	(49, 'payments', '0005_reminders', now()),
	(50, 'payments', '0006_invoicing', now()),
	(51, 'payments', '0007_payouts', now()),
	(52, 'payments', '0008_book', now()),
	(53, 'payments', '0009_joined', now()),
	(54, 'payments', '0010_credit_rule', now()),
	(55, 'payments', '0011_contact_beside', now()),
	(56, 'payments', '0012_numbers_follow', now()),
	(57, 'payments', '0013_every_number_follows', now()),
	(58, 'pqrs', '0001_initial', now()),
	(59, 'pqrs', '0002_clock_files_events', now()),
	(60, 'sessions', '0001_initial', now()),
	(61, 'tenants', '0001_initial', now()),
	(62, 'tenants', '0002_superadmin', now()),
	(63, 'tenants', '0003_pulse_signatures_space', now()),
	(64, 'tenants', '0004_texts_and_mails', now()),
	(65, 'tenants', '0005_gone_callbacks', now()),
	(66, 'tenants', '0006_domain_watch', now()),
	(67, 'usersessions', '0001_initial', now());

SELECT pg_catalog.setval('"django_migrations_id_seq"', 67, true);

ALTER TABLE ONLY "account_emailaddress"
    ADD CONSTRAINT "account_emailaddress_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "account_emailaddress"
    ADD CONSTRAINT "account_emailaddress_user_id_email_987c8728_uniq" UNIQUE ("user_id", "email");

ALTER TABLE ONLY "account_emailconfirmation"
    ADD CONSTRAINT "account_emailconfirmation_key_key" UNIQUE ("key");

ALTER TABLE ONLY "account_emailconfirmation"
    ADD CONSTRAINT "account_emailconfirmation_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "accounts_consent"
    ADD CONSTRAINT "accounts_consent_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "accounts_emailcode"
    ADD CONSTRAINT "accounts_emailcode_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "accounts_emailcode"
    ADD CONSTRAINT "accounts_emailcode_user_id_key" UNIQUE ("user_id");

ALTER TABLE ONLY "accounts_policytext"
    ADD CONSTRAINT "accounts_policytext_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "accounts_user"
    ADD CONSTRAINT "accounts_user_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "accounts_user"
    ADD CONSTRAINT "accounts_user_username_key" UNIQUE ("username");

ALTER TABLE ONLY "api_apikey"
    ADD CONSTRAINT "api_apikey_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "api_apikey"
    ADD CONSTRAINT "api_apikey_prefix_key" UNIQUE ("prefix");

ALTER TABLE ONLY "api_keptanswer"
    ADD CONSTRAINT "api_keptanswer_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "api_notice"
    ADD CONSTRAINT "api_notice_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "api_noticeaddress"
    ADD CONSTRAINT "api_noticeaddress_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "api_noticetry"
    ADD CONSTRAINT "api_noticetry_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "audit_change"
    ADD CONSTRAINT "audit_change_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_bookfile"
    ADD CONSTRAINT "clientarea_bookfile_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_bookimport"
    ADD CONSTRAINT "clientarea_bookimport_busy_key" UNIQUE ("busy");

ALTER TABLE ONLY "clientarea_bookimport"
    ADD CONSTRAINT "clientarea_bookimport_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_bookline"
    ADD CONSTRAINT "clientarea_bookline_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_bookrecord"
    ADD CONSTRAINT "clientarea_bookrecord_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_calendarfeed"
    ADD CONSTRAINT "clientarea_calendarfeed_client_id_key" UNIQUE ("client_id");

ALTER TABLE ONLY "clientarea_calendarfeed"
    ADD CONSTRAINT "clientarea_calendarfeed_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_client"
    ADD CONSTRAINT "clientarea_client_document_key" UNIQUE ("document");

ALTER TABLE ONLY "clientarea_client"
    ADD CONSTRAINT "clientarea_client_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_client"
    ADD CONSTRAINT "clientarea_client_user_id_key" UNIQUE ("user_id");

ALTER TABLE ONLY "clientarea_clientfile"
    ADD CONSTRAINT "clientarea_clientfile_path_key" UNIQUE ("path");

ALTER TABLE ONLY "clientarea_clientfile"
    ADD CONSTRAINT "clientarea_clientfile_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_fileevent"
    ADD CONSTRAINT "clientarea_fileevent_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_filerequest"
    ADD CONSTRAINT "clientarea_filerequest_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_invitationline"
    ADD CONSTRAINT "clientarea_invitationline_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_invitationround"
    ADD CONSTRAINT "clientarea_invitationround_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_lease"
    ADD CONSTRAINT "clientarea_lease_number_key" UNIQUE ("number");

ALTER TABLE ONLY "clientarea_lease"
    ADD CONSTRAINT "clientarea_lease_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_notice"
    ADD CONSTRAINT "clientarea_notice_key_key" UNIQUE ("key");

ALTER TABLE ONLY "clientarea_notice"
    ADD CONSTRAINT "clientarea_notice_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_noticechoice"
    ADD CONSTRAINT "clientarea_noticechoice_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_ownership"
    ADD CONSTRAINT "clientarea_ownership_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_paper"
    ADD CONSTRAINT "clientarea_paper_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_portalview"
    ADD CONSTRAINT "clientarea_portalview_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_unit"
    ADD CONSTRAINT "clientarea_unit_code_key" UNIQUE ("code");

ALTER TABLE ONLY "clientarea_unit"
    ADD CONSTRAINT "clientarea_unit_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "accounts_consent"
    ADD CONSTRAINT "consent_once" UNIQUE ("user_id", "version");

ALTER TABLE ONLY "payments_contact"
    ADD CONSTRAINT "contact_once_a_day" UNIQUE ("client_id", "on");

ALTER TABLE ONLY "payments_creditnote"
    ADD CONSTRAINT "credit_note_number_once" UNIQUE ("prefix", "number");

ALTER TABLE ONLY "django_migrations"
    ADD CONSTRAINT "django_migrations_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "django_session"
    ADD CONSTRAINT "django_session_pkey" PRIMARY KEY ("session_key");

ALTER TABLE ONLY "clientarea_invitationline"
    ADD CONSTRAINT "invitation_line_once" UNIQUE ("round_id", "client_id");

ALTER TABLE ONLY "payments_invoiceline"
    ADD CONSTRAINT "invoice_line_once" UNIQUE ("invoice_id", "position");

ALTER TABLE ONLY "payments_invoice"
    ADD CONSTRAINT "invoice_number_once" UNIQUE ("prefix", "number");

ALTER TABLE ONLY "payments_invoicepaper"
    ADD CONSTRAINT "invoice_paper_once" UNIQUE ("invoice_id", "kind");

ALTER TABLE ONLY "jobs_job"
    ADD CONSTRAINT "job_once" UNIQUE ("kind", "key");

ALTER TABLE ONLY "jobs_job"
    ADD CONSTRAINT "jobs_job_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "api_keptanswer"
    ADD CONSTRAINT "kept_answer_once" UNIQUE ("api_key_id", "key");

ALTER TABLE ONLY "mfa_authenticator"
    ADD CONSTRAINT "mfa_authenticator_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "clientarea_noticechoice"
    ADD CONSTRAINT "notice_choice_once" UNIQUE ("client_id", "kind");

ALTER TABLE ONLY "api_notice"
    ADD CONSTRAINT "notice_once" UNIQUE ("address_id", "event");

ALTER TABLE ONLY "clientarea_ownership"
    ADD CONSTRAINT "ownership_once" UNIQUE ("unit_id", "owner_id");

ALTER TABLE ONLY "clientarea_paper"
    ADD CONSTRAINT "paper_once" UNIQUE ("client_id", "key");

ALTER TABLE ONLY "payments_paymentline"
    ADD CONSTRAINT "payment_line_once" UNIQUE ("payment_id", "invoice_id");

ALTER TABLE ONLY "payments_attempt"
    ADD CONSTRAINT "payments_attempt_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_attempt"
    ADD CONSTRAINT "payments_attempt_reference_key" UNIQUE ("reference");

ALTER TABLE ONLY "payments_bankfile"
    ADD CONSTRAINT "payments_bankfile_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_callback"
    ADD CONSTRAINT "payments_callback_digest_key" UNIQUE ("digest");

ALTER TABLE ONLY "payments_callback"
    ADD CONSTRAINT "payments_callback_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_contact"
    ADD CONSTRAINT "payments_contact_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_counter"
    ADD CONSTRAINT "payments_counter_pkey" PRIMARY KEY ("name");

ALTER TABLE ONLY "payments_creditnote"
    ADD CONSTRAINT "payments_creditnote_key_key" UNIQUE ("key");

ALTER TABLE ONLY "payments_creditnote"
    ADD CONSTRAINT "payments_creditnote_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_credituse"
    ADD CONSTRAINT "payments_credituse_key_key" UNIQUE ("key");

ALTER TABLE ONLY "payments_credituse"
    ADD CONSTRAINT "payments_credituse_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_gatewayaccount"
    ADD CONSTRAINT "payments_gatewayaccount_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_invoice"
    ADD CONSTRAINT "payments_invoice_entry_key_key" UNIQUE ("entry_key");

ALTER TABLE ONLY "payments_invoice"
    ADD CONSTRAINT "payments_invoice_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_invoiceline"
    ADD CONSTRAINT "payments_invoiceline_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_invoicepaper"
    ADD CONSTRAINT "payments_invoicepaper_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_invoicerun"
    ADD CONSTRAINT "payments_invoicerun_key_key" UNIQUE ("key");

ALTER TABLE ONLY "payments_invoicerun"
    ADD CONSTRAINT "payments_invoicerun_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_invoicingpolicy"
    ADD CONSTRAINT "payments_invoicingpolicy_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_liquidation"
    ADD CONSTRAINT "payments_liquidation_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_movement"
    ADD CONSTRAINT "payments_movement_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_ownerbank"
    ADD CONSTRAINT "payments_ownerbank_owner_id_key" UNIQUE ("owner_id");

ALTER TABLE ONLY "payments_ownerbank"
    ADD CONSTRAINT "payments_ownerbank_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_payment"
    ADD CONSTRAINT "payments_payment_entry_key_key" UNIQUE ("entry_key");

ALTER TABLE ONLY "payments_payment"
    ADD CONSTRAINT "payments_payment_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_paymentline"
    ADD CONSTRAINT "payments_paymentline_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_paymentpolicy"
    ADD CONSTRAINT "payments_paymentpolicy_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_payout"
    ADD CONSTRAINT "payments_payout_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_payoutcommission"
    ADD CONSTRAINT "payments_payoutcommission_movement_id_key" UNIQUE ("movement_id");

ALTER TABLE ONLY "payments_payoutcommission"
    ADD CONSTRAINT "payments_payoutcommission_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_payoutdeduction"
    ADD CONSTRAINT "payments_payoutdeduction_key_key" UNIQUE ("key");

ALTER TABLE ONLY "payments_payoutdeduction"
    ADD CONSTRAINT "payments_payoutdeduction_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_payoutline"
    ADD CONSTRAINT "payments_payoutline_payout_id_key" UNIQUE ("payout_id");

ALTER TABLE ONLY "payments_payoutline"
    ADD CONSTRAINT "payments_payoutline_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_payoutorder"
    ADD CONSTRAINT "payments_payoutorder_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_payoutsource"
    ADD CONSTRAINT "payments_payoutsource_movement_id_key" UNIQUE ("movement_id");

ALTER TABLE ONLY "payments_payoutsource"
    ADD CONSTRAINT "payments_payoutsource_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_proof"
    ADD CONSTRAINT "payments_proof_payment_id_key" UNIQUE ("payment_id");

ALTER TABLE ONLY "payments_proof"
    ADD CONSTRAINT "payments_proof_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_receipt"
    ADD CONSTRAINT "payments_receipt_code_key" UNIQUE ("code");

ALTER TABLE ONLY "payments_receipt"
    ADD CONSTRAINT "payments_receipt_payment_id_key" UNIQUE ("payment_id");

ALTER TABLE ONLY "payments_receipt"
    ADD CONSTRAINT "payments_receipt_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_receiptfile"
    ADD CONSTRAINT "payments_receiptfile_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_receiptfile"
    ADD CONSTRAINT "payments_receiptfile_receipt_id_key" UNIQUE ("receipt_id");

ALTER TABLE ONLY "payments_refund"
    ADD CONSTRAINT "payments_refund_key_key" UNIQUE ("key");

ALTER TABLE ONLY "payments_refund"
    ADD CONSTRAINT "payments_refund_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_reminder"
    ADD CONSTRAINT "payments_reminder_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_reminderpolicy"
    ADD CONSTRAINT "payments_reminderpolicy_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_rentincrease"
    ADD CONSTRAINT "payments_rentincrease_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_resolution"
    ADD CONSTRAINT "payments_resolution_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_reversal"
    ADD CONSTRAINT "payments_reversal_key_key" UNIQUE ("key");

ALTER TABLE ONLY "payments_reversal"
    ADD CONSTRAINT "payments_reversal_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_review"
    ADD CONSTRAINT "payments_review_key_key" UNIQUE ("key");

ALTER TABLE ONLY "payments_review"
    ADD CONSTRAINT "payments_review_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_runitem"
    ADD CONSTRAINT "payments_runitem_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_transferproof"
    ADD CONSTRAINT "payments_transferproof_attempt_id_key" UNIQUE ("attempt_id");

ALTER TABLE ONLY "payments_transferproof"
    ADD CONSTRAINT "payments_transferproof_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_yearfigures"
    ADD CONSTRAINT "payments_yearfigures_pkey" PRIMARY KEY ("year");

ALTER TABLE ONLY "payments_payoutline"
    ADD CONSTRAINT "payout_line_once" UNIQUE ("liquidation_id", "order_id");

ALTER TABLE ONLY "payments_payout"
    ADD CONSTRAINT "payout_number_once" UNIQUE ("prefix", "number");

ALTER TABLE ONLY "accounts_policytext"
    ADD CONSTRAINT "policy_version_once" UNIQUE ("version");

ALTER TABLE ONLY "pqrs_attachment"
    ADD CONSTRAINT "pqrs_attachment_path_key" UNIQUE ("path");

ALTER TABLE ONLY "pqrs_attachment"
    ADD CONSTRAINT "pqrs_attachment_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "pqrs_cannedanswer"
    ADD CONSTRAINT "pqrs_cannedanswer_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "pqrs_cannedanswer"
    ADD CONSTRAINT "pqrs_cannedanswer_title_key" UNIQUE ("title");

ALTER TABLE ONLY "pqrs_case"
    ADD CONSTRAINT "pqrs_case_number_key" UNIQUE ("number");

ALTER TABLE ONLY "pqrs_case"
    ADD CONSTRAINT "pqrs_case_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "pqrs_casecounter"
    ADD CONSTRAINT "pqrs_casecounter_pkey" PRIMARY KEY ("year");

ALTER TABLE ONLY "pqrs_caseevent"
    ADD CONSTRAINT "pqrs_caseevent_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "pqrs_caseterm"
    ADD CONSTRAINT "pqrs_caseterm_pkey" PRIMARY KEY ("kind");

ALTER TABLE ONLY "pqrs_message"
    ADD CONSTRAINT "pqrs_message_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "pqrs_note"
    ADD CONSTRAINT "pqrs_note_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "payments_receipt"
    ADD CONSTRAINT "receipt_number_once" UNIQUE ("prefix", "number");

ALTER TABLE ONLY "payments_reminder"
    ADD CONSTRAINT "reminder_turn_once" UNIQUE ("invoice_id", "kind", "turn");

ALTER TABLE ONLY "payments_rentincrease"
    ADD CONSTRAINT "rent_increase_once" UNIQUE ("lease_id", "from_on");

ALTER TABLE ONLY "payments_reversal"
    ADD CONSTRAINT "reversal_number_once" UNIQUE ("prefix", "number");

ALTER TABLE ONLY "payments_runitem"
    ADD CONSTRAINT "run_item_once" UNIQUE NULLS NOT DISTINCT ("run_id", "lease_id", "owner_id");

ALTER TABLE ONLY "usersessions_usersession"
    ADD CONSTRAINT "usersessions_usersession_pkey" PRIMARY KEY ("id");

ALTER TABLE ONLY "usersessions_usersession"
    ADD CONSTRAINT "usersessions_usersession_session_key_key" UNIQUE ("session_key");

CREATE INDEX "account_emailaddress_email_03be32b2" ON "account_emailaddress" USING "btree" ("email");

CREATE INDEX "account_emailaddress_email_03be32b2_like" ON "account_emailaddress" USING "btree" ("email" "varchar_pattern_ops");

CREATE INDEX "account_emailaddress_user_id_2c513194" ON "account_emailaddress" USING "btree" ("user_id");

CREATE INDEX "account_emailconfirmation_email_address_id_5b7f8c58" ON "account_emailconfirmation" USING "btree" ("email_address_id");

CREATE INDEX "account_emailconfirmation_key_f43612bd_like" ON "account_emailconfirmation" USING "btree" ("key" "varchar_pattern_ops");

CREATE INDEX "accounts_consent_user_id_81cd791f" ON "accounts_consent" USING "btree" ("user_id");

CREATE INDEX "accounts_user_email_b2644a56" ON "accounts_user" USING "btree" ("email");

CREATE INDEX "accounts_user_email_b2644a56_like" ON "accounts_user" USING "btree" ("email" "varchar_pattern_ops");

CREATE INDEX "accounts_user_username_6088629e_like" ON "accounts_user" USING "btree" ("username" "varchar_pattern_ops");

CREATE INDEX "api_apikey_made_by_id_ae989992" ON "api_apikey" USING "btree" ("made_by_id");

CREATE INDEX "api_apikey_prefix_3aa7aa72_like" ON "api_apikey" USING "btree" ("prefix" "varchar_pattern_ops");

CREATE INDEX "api_keptanswer_answered_at_05112bfd" ON "api_keptanswer" USING "btree" ("answered_at");

CREATE INDEX "api_keptanswer_api_key_id_c1bcb00c" ON "api_keptanswer" USING "btree" ("api_key_id");

CREATE INDEX "api_notice_address_id_dc38a041" ON "api_notice" USING "btree" ("address_id");

CREATE INDEX "api_noticeaddress_made_by_id_8029add5" ON "api_noticeaddress" USING "btree" ("made_by_id");

CREATE INDEX "api_noticetry_notice_id_e70055f8" ON "api_noticetry" USING "btree" ("notice_id");

CREATE INDEX "book_line_of_sheet" ON "clientarea_bookline" USING "btree" ("book_id", "sheet", "fate", "row");

CREATE INDEX "book_record_of" ON "clientarea_bookrecord" USING "btree" ("kind", "object_id");

CREATE INDEX "callback_state" ON "payments_callback" USING "btree" ("state", "id");

CREATE INDEX "case_of_client" ON "pqrs_case" USING "btree" ("client_id", "opened_at" DESC);

CREATE INDEX "case_open_due" ON "pqrs_case" USING "btree" ("due_on") WHERE ("state" IN ('pending', 'in_progress', 'reopened'));

CREATE INDEX "case_received" ON "pqrs_case" USING "btree" ("received_on");

CREATE INDEX "change_of_subject" ON "audit_change" USING "btree" ("subject", "subject_id", "id" DESC);

CREATE INDEX "client_email" ON "clientarea_client" USING "btree" ("email");

CREATE INDEX "clientarea_bookfile_book_id_7af73a6b" ON "clientarea_bookfile" USING "btree" ("book_id");

CREATE INDEX "clientarea_bookimport_made_by_id_5cf9fb53" ON "clientarea_bookimport" USING "btree" ("made_by_id");

CREATE INDEX "clientarea_bookline_book_id_c7bc73de" ON "clientarea_bookline" USING "btree" ("book_id");

CREATE INDEX "clientarea_bookrecord_book_id_0c01a438" ON "clientarea_bookrecord" USING "btree" ("book_id");

CREATE INDEX "clientarea_client_document_2d415535_like" ON "clientarea_client" USING "btree" ("document" "varchar_pattern_ops");

CREATE INDEX "clientarea_clientfile_client_id_3ae75ba9" ON "clientarea_clientfile" USING "btree" ("client_id");

CREATE INDEX "clientarea_clientfile_event_id_988fe3e5" ON "clientarea_clientfile" USING "btree" ("event_id");

CREATE INDEX "clientarea_clientfile_lease_id_f4d710bc" ON "clientarea_clientfile" USING "btree" ("lease_id");

CREATE INDEX "clientarea_clientfile_path_48246bf7_like" ON "clientarea_clientfile" USING "btree" ("path" "varchar_pattern_ops");

CREATE INDEX "clientarea_fileevent_request_id_78e71044" ON "clientarea_fileevent" USING "btree" ("request_id");

CREATE INDEX "clientarea_filerequest_client_id_94362d18" ON "clientarea_filerequest" USING "btree" ("client_id");

CREATE INDEX "clientarea_filerequest_lease_id_589787cb" ON "clientarea_filerequest" USING "btree" ("lease_id");

CREATE INDEX "clientarea_invitationline_client_id_1a2ef7f9" ON "clientarea_invitationline" USING "btree" ("client_id");

CREATE INDEX "clientarea_invitationline_round_id_39b544d5" ON "clientarea_invitationline" USING "btree" ("round_id");

CREATE INDEX "clientarea_lease_co_renter_id_dd446bf0" ON "clientarea_lease" USING "btree" ("co_renter_id");

CREATE INDEX "clientarea_lease_number_d8580209_like" ON "clientarea_lease" USING "btree" ("number" "varchar_pattern_ops");

CREATE INDEX "clientarea_lease_renter_id_c81125e2" ON "clientarea_lease" USING "btree" ("renter_id");

CREATE INDEX "clientarea_lease_unit_id_eb9477de" ON "clientarea_lease" USING "btree" ("unit_id");

CREATE INDEX "clientarea_notice_client_id_7b82c30f" ON "clientarea_notice" USING "btree" ("client_id");

CREATE INDEX "clientarea_notice_key_26e72a21_like" ON "clientarea_notice" USING "btree" ("key" "varchar_pattern_ops");

CREATE INDEX "clientarea_noticechoice_client_id_aea7a399" ON "clientarea_noticechoice" USING "btree" ("client_id");

CREATE INDEX "clientarea_ownership_owner_id_d1bcd57c" ON "clientarea_ownership" USING "btree" ("owner_id");

CREATE INDEX "clientarea_ownership_unit_id_4bf5f04c" ON "clientarea_ownership" USING "btree" ("unit_id");

CREATE INDEX "clientarea_paper_client_id_926a9201" ON "clientarea_paper" USING "btree" ("client_id");

CREATE INDEX "clientarea_portalview_client_id_9507f552" ON "clientarea_portalview" USING "btree" ("client_id");

CREATE INDEX "clientarea_portalview_staff_id_2c78a71d" ON "clientarea_portalview" USING "btree" ("staff_id");

CREATE INDEX "clientarea_unit_code_22eaded4_like" ON "clientarea_unit" USING "btree" ("code" "varchar_pattern_ops");

CREATE INDEX "django_session_expire_date_a5c62663" ON "django_session" USING "btree" ("expire_date");

CREATE INDEX "django_session_session_key_c0390e0f_like" ON "django_session" USING "btree" ("session_key" "varchar_pattern_ops");

CREATE INDEX "file_request_waiting" ON "clientarea_filerequest" USING "btree" ("state", "due_on");

CREATE UNIQUE INDEX "gateway_account_active" ON "payments_gatewayaccount" USING "btree" ("provider") WHERE "active";

CREATE INDEX "invoice_list_of_client" ON "payments_invoice" USING "btree" ("client_id", "kind", "period" DESC, "number" DESC);

CREATE INDEX "invoice_of_client" ON "payments_invoice" USING "btree" ("client_id", "kind", "issued_on" DESC);

CREATE INDEX "invoice_of_month" ON "payments_invoice" USING "btree" ("period", "kind");

CREATE UNIQUE INDEX "invoice_of_run_once" ON "payments_invoice" USING "btree" ("lease_id", "period", "kind", "client_id") WHERE (("run_id" IS NOT NULL) AND ("voided_at" IS NULL));

CREATE INDEX "invoice_owed" ON "payments_invoice" USING "btree" ("due_on") WHERE (("voided_at" IS NULL) AND ("applied" < "total"));

CREATE UNIQUE INDEX "invoice_run_open_once" ON "payments_invoicerun" USING "btree" ("kind", "period") WHERE ("state" IN ('running', 'stopped'));

CREATE INDEX "job_waiting" ON "jobs_job" USING "btree" ("due_at") WHERE (("dead_at" IS NULL) AND ("done_at" IS NULL));

CREATE INDEX "mfa_authenticator_user_id_0c3a50c0" ON "mfa_authenticator" USING "btree" ("user_id");

CREATE INDEX "notice_made" ON "api_notice" USING "btree" ("made_at");

CREATE INDEX "notice_of_client" ON "clientarea_notice" USING "btree" ("client_id", "created_at" DESC, "id" DESC) WHERE "listed";

CREATE INDEX "notice_unread" ON "clientarea_notice" USING "btree" ("client_id") WHERE ("listed" AND ("read_at" IS NULL));

CREATE UNIQUE INDEX "payment_charge_once" ON "payments_payment" USING "btree" ("credited_by_id", "gateway_transaction") WHERE (NOT (("gateway_transaction")::"text" = ''::"text"));

CREATE INDEX "payment_filed_on" ON "payments_payment" USING "btree" (COALESCE("paid_on", (("created_at" AT TIME ZONE 'America/Bogota'::"text"))::"date") DESC, "id" DESC);

CREATE INDEX "payment_of_client" ON "payments_payment" USING "btree" ("client_id", "created_at" DESC);

CREATE INDEX "payment_paid_on" ON "payments_payment" USING "btree" ("paid_on");

CREATE INDEX "payment_reference" ON "payments_payment" USING "btree" ("upper"(("reference")::"text"));

CREATE UNIQUE INDEX "payment_signature_once" ON "payments_payment" USING "btree" ("credited_by_id") WHERE (("basis")::"text" = 'signature'::"text");

CREATE INDEX "payments_attempt_account_id_c7e74704" ON "payments_attempt" USING "btree" ("account_id");

CREATE INDEX "payments_attempt_payment_id_a18ea4ce" ON "payments_attempt" USING "btree" ("payment_id");

CREATE INDEX "payments_attempt_reference_79819b33_like" ON "payments_attempt" USING "btree" ("reference" "varchar_pattern_ops");

CREATE INDEX "payments_bankfile_made_by_id_a87e7670" ON "payments_bankfile" USING "btree" ("made_by_id");

CREATE INDEX "payments_callback_attempt_id_c547a382" ON "payments_callback" USING "btree" ("attempt_id");

CREATE INDEX "payments_callback_digest_dec09a6c_like" ON "payments_callback" USING "btree" ("digest" "varchar_pattern_ops");

CREATE INDEX "payments_callback_reference_607f22f6" ON "payments_callback" USING "btree" ("reference");

CREATE INDEX "payments_callback_reference_607f22f6_like" ON "payments_callback" USING "btree" ("reference" "varchar_pattern_ops");

CREATE INDEX "payments_contact_beside_id_8d23009c" ON "payments_contact" USING "btree" ("beside_id");

CREATE INDEX "payments_contact_client_id_535cde3b" ON "payments_contact" USING "btree" ("client_id");

CREATE INDEX "payments_counter_name_5b7f64b7_like" ON "payments_counter" USING "btree" ("name" "varchar_pattern_ops");

CREATE INDEX "payments_creditnote_client_id_4350245c" ON "payments_creditnote" USING "btree" ("client_id");

CREATE INDEX "payments_creditnote_invoice_id_9d82bdbf" ON "payments_creditnote" USING "btree" ("invoice_id");

CREATE INDEX "payments_creditnote_made_by_id_88148885" ON "payments_creditnote" USING "btree" ("made_by_id");

CREATE INDEX "payments_creditnote_resolution_id_79d76261" ON "payments_creditnote" USING "btree" ("resolution_id");

CREATE INDEX "payments_credituse_client_id_9fe3dc40" ON "payments_credituse" USING "btree" ("client_id");

CREATE INDEX "payments_credituse_made_by_id_7546f6b4" ON "payments_credituse" USING "btree" ("made_by_id");

CREATE INDEX "payments_invoice_client_id_2f292f4e" ON "payments_invoice" USING "btree" ("client_id");

CREATE INDEX "payments_invoice_issued_by_id_2e95fd81" ON "payments_invoice" USING "btree" ("issued_by_id");

CREATE INDEX "payments_invoice_lease_id_b78c3e77" ON "payments_invoice" USING "btree" ("lease_id");

CREATE INDEX "payments_invoice_resolution_id_d20b0131" ON "payments_invoice" USING "btree" ("resolution_id");

CREATE INDEX "payments_invoice_run_id_f0cab0de" ON "payments_invoice" USING "btree" ("run_id");

CREATE INDEX "payments_invoice_voided_by_id_3a0f782a" ON "payments_invoice" USING "btree" ("voided_by_id");

CREATE INDEX "payments_invoiceline_about_id_35997bac" ON "payments_invoiceline" USING "btree" ("about_id");

CREATE INDEX "payments_invoiceline_invoice_id_d3130943" ON "payments_invoiceline" USING "btree" ("invoice_id");

CREATE INDEX "payments_invoicepaper_invoice_id_856544b8" ON "payments_invoicepaper" USING "btree" ("invoice_id");

CREATE INDEX "payments_invoicepaper_made_by_id_c6f820ef" ON "payments_invoicepaper" USING "btree" ("made_by_id");

CREATE INDEX "payments_invoicerun_asked_by_id_8a8c5a55" ON "payments_invoicerun" USING "btree" ("asked_by_id");

CREATE INDEX "payments_liquidation_lease_id_8f48e719" ON "payments_liquidation" USING "btree" ("lease_id");

CREATE INDEX "payments_liquidation_made_by_id_f117f32d" ON "payments_liquidation" USING "btree" ("made_by_id");

CREATE INDEX "payments_movement_attempt_id_78b66818" ON "payments_movement" USING "btree" ("attempt_id");

CREATE INDEX "payments_movement_client_id_79109213" ON "payments_movement" USING "btree" ("client_id");

CREATE INDEX "payments_movement_credit_note_id_4e500afb" ON "payments_movement" USING "btree" ("credit_note_id");

CREATE INDEX "payments_movement_credit_use_id_6efb712e" ON "payments_movement" USING "btree" ("credit_use_id");

CREATE INDEX "payments_movement_invoice_id_1c1729bf" ON "payments_movement" USING "btree" ("invoice_id");

CREATE INDEX "payments_movement_payment_id_96d7a023" ON "payments_movement" USING "btree" ("payment_id");

CREATE INDEX "payments_movement_reversal_id_79877a05" ON "payments_movement" USING "btree" ("reversal_id");

CREATE INDEX "payments_payment_client_id_fcbb7eb4" ON "payments_payment" USING "btree" ("client_id");

CREATE INDEX "payments_payment_credited_by_id_f7287b3e" ON "payments_payment" USING "btree" ("credited_by_id");

CREATE INDEX "payments_payment_entered_by_id_31d47703" ON "payments_payment" USING "btree" ("entered_by_id");

CREATE INDEX "payments_paymentline_invoice_id_ac14815a" ON "payments_paymentline" USING "btree" ("invoice_id");

CREATE INDEX "payments_paymentline_payment_id_22b808e3" ON "payments_paymentline" USING "btree" ("payment_id");

CREATE INDEX "payments_payout_lease_id_df857f54" ON "payments_payout" USING "btree" ("lease_id");

CREATE INDEX "payments_payout_owner_id_69b9eb2b" ON "payments_payout" USING "btree" ("owner_id");

CREATE INDEX "payments_payoutcommission_invoice_id_80c57779" ON "payments_payoutcommission" USING "btree" ("invoice_id");

CREATE INDEX "payments_payoutcommission_line_id_229ad433" ON "payments_payoutcommission" USING "btree" ("line_id");

CREATE INDEX "payments_payoutdeduction_line_id_46f72c44" ON "payments_payoutdeduction" USING "btree" ("line_id");

CREATE INDEX "payments_payoutdeduction_made_by_id_a1cb3741" ON "payments_payoutdeduction" USING "btree" ("made_by_id");

CREATE INDEX "payments_payoutline_liquidation_id_657ce027" ON "payments_payoutline" USING "btree" ("liquidation_id");

CREATE INDEX "payments_payoutline_order_id_0d44a46e" ON "payments_payoutline" USING "btree" ("order_id");

CREATE INDEX "payments_payoutorder_owner_id_5f9925a6" ON "payments_payoutorder" USING "btree" ("owner_id");

CREATE INDEX "payments_payoutorder_paid_by_id_d1e27e00" ON "payments_payoutorder" USING "btree" ("paid_by_id");

CREATE INDEX "payments_payoutorder_reviewed_by_id_a91d7a9c" ON "payments_payoutorder" USING "btree" ("reviewed_by_id");

CREATE INDEX "payments_payoutsource_liquidation_id_6f04be05" ON "payments_payoutsource" USING "btree" ("liquidation_id");

CREATE INDEX "payments_proof_made_by_id_9ea06d0a" ON "payments_proof" USING "btree" ("made_by_id");

CREATE INDEX "payments_receipt_client_id_90c9cb69" ON "payments_receipt" USING "btree" ("client_id");

CREATE INDEX "payments_receipt_code_2bee8303_like" ON "payments_receipt" USING "btree" ("code" "varchar_pattern_ops");

CREATE INDEX "payments_refund_attempt_id_0b419ab4" ON "payments_refund" USING "btree" ("attempt_id");

CREATE INDEX "payments_refund_made_by_id_f6eba629" ON "payments_refund" USING "btree" ("made_by_id");

CREATE INDEX "payments_refund_payment_id_a70693f7" ON "payments_refund" USING "btree" ("payment_id");

CREATE INDEX "payments_reminder_contact_id_f463443f" ON "payments_reminder" USING "btree" ("contact_id");

CREATE INDEX "payments_reminder_invoice_id_fcf4315e" ON "payments_reminder" USING "btree" ("invoice_id");

CREATE INDEX "payments_rentincrease_lease_id_45329d49" ON "payments_rentincrease" USING "btree" ("lease_id");

CREATE INDEX "payments_rentincrease_made_by_id_d000a9da" ON "payments_rentincrease" USING "btree" ("made_by_id");

CREATE INDEX "payments_resolution_made_by_id_db326d60" ON "payments_resolution" USING "btree" ("made_by_id");

CREATE INDEX "payments_reversal_client_id_b1002cf3" ON "payments_reversal" USING "btree" ("client_id");

CREATE INDEX "payments_reversal_key_c2b72cdd_like" ON "payments_reversal" USING "btree" ("key" "varchar_pattern_ops");

CREATE INDEX "payments_reversal_made_by_id_f263a416" ON "payments_reversal" USING "btree" ("made_by_id");

CREATE INDEX "payments_reversal_payment_id_5e3aa284" ON "payments_reversal" USING "btree" ("payment_id");

CREATE INDEX "payments_review_attempt_id_f9cc5cf0" ON "payments_review" USING "btree" ("attempt_id");

CREATE INDEX "payments_review_callback_id_b38b1c25" ON "payments_review" USING "btree" ("callback_id");

CREATE INDEX "payments_review_closed_by_id_c84cb2c0" ON "payments_review" USING "btree" ("closed_by_id");

CREATE INDEX "payments_review_key_05759ec5_like" ON "payments_review" USING "btree" ("key" "varchar_pattern_ops");

CREATE INDEX "payments_review_payment_id_dc33352b" ON "payments_review" USING "btree" ("payment_id");

CREATE INDEX "payments_runitem_invoice_id_eba269b5" ON "payments_runitem" USING "btree" ("invoice_id");

CREATE INDEX "payments_runitem_lease_id_f59b4ed0" ON "payments_runitem" USING "btree" ("lease_id");

CREATE INDEX "payments_runitem_owner_id_69885417" ON "payments_runitem" USING "btree" ("owner_id");

CREATE INDEX "payments_runitem_run_id_bea1cbab" ON "payments_runitem" USING "btree" ("run_id");

CREATE INDEX "payments_transferproof_decided_by_id_c2abf342" ON "payments_transferproof" USING "btree" ("decided_by_id");

CREATE UNIQUE INDEX "payout_commission_open_once" ON "payments_payoutcommission" USING "btree" ("invoice_id") WHERE ("movement_id" IS NULL);

CREATE INDEX "payout_of_owner" ON "payments_payout" USING "btree" ("owner_id", "paid_on" DESC);

CREATE UNIQUE INDEX "payout_order_one_draft" ON "payments_payoutorder" USING "btree" ("owner_id") WHERE (("state")::"text" = 'draft'::"text");

CREATE INDEX "payout_order_state" ON "payments_payoutorder" USING "btree" ("state", "id" DESC);

CREATE UNIQUE INDEX "policy_one_draft" ON "accounts_policytext" USING "btree" ("state") WHERE (("state")::"text" = 'draft'::"text");

CREATE INDEX "portal_view_of_client" ON "clientarea_portalview" USING "btree" ("client_id", "seen_at" DESC);

CREATE INDEX "pqrs_attachment_case_id_fbca6e74" ON "pqrs_attachment" USING "btree" ("case_id");

CREATE INDEX "pqrs_attachment_message_id_a5d826a3" ON "pqrs_attachment" USING "btree" ("message_id");

CREATE INDEX "pqrs_attachment_path_fc0af929_like" ON "pqrs_attachment" USING "btree" ("path" "varchar_pattern_ops");

CREATE INDEX "pqrs_cannedanswer_title_7a10e07b_like" ON "pqrs_cannedanswer" USING "btree" ("title" "varchar_pattern_ops");

CREATE INDEX "pqrs_case_assigned_to_id_278c6a36" ON "pqrs_case" USING "btree" ("assigned_to_id");

CREATE INDEX "pqrs_case_client_id_96249f4d" ON "pqrs_case" USING "btree" ("client_id");

CREATE INDEX "pqrs_case_lease_id_6914adfe" ON "pqrs_case" USING "btree" ("lease_id");

CREATE INDEX "pqrs_case_number_e4b270f9_like" ON "pqrs_case" USING "btree" ("number" "varchar_pattern_ops");

CREATE INDEX "pqrs_case_unit_id_5a6c3f1f" ON "pqrs_case" USING "btree" ("unit_id");

CREATE INDEX "pqrs_caseevent_by_id_2af99922" ON "pqrs_caseevent" USING "btree" ("by_id");

CREATE INDEX "pqrs_caseevent_case_id_2643bc8f" ON "pqrs_caseevent" USING "btree" ("case_id");

CREATE INDEX "pqrs_caseevent_message_id_07ad129d" ON "pqrs_caseevent" USING "btree" ("message_id");

CREATE INDEX "pqrs_caseterm_kind_fdff284a_like" ON "pqrs_caseterm" USING "btree" ("kind" "varchar_pattern_ops");

CREATE INDEX "pqrs_message_case_id_25df0bae" ON "pqrs_message" USING "btree" ("case_id");

CREATE INDEX "pqrs_note_case_id_021b6135" ON "pqrs_note" USING "btree" ("case_id");

CREATE UNIQUE INDEX "refund_open_once" ON "payments_refund" USING "btree" ("payment_id") WHERE ("state" IN ('requested', 'sent', 'pending'));

CREATE UNIQUE INDEX "resolution_active_once" ON "payments_resolution" USING "btree" ("series") WHERE "active";

CREATE INDEX "review_open" ON "payments_review" USING "btree" ("created_at") WHERE ("closed_at" IS NULL);

CREATE INDEX "run_item_state" ON "payments_runitem" USING "btree" ("run_id", "state");

CREATE INDEX "transfer_waiting" ON "payments_transferproof" USING "btree" ("id") WHERE (("state")::"text" = 'pending'::"text");

CREATE UNIQUE INDEX "unique_authenticator_type" ON "mfa_authenticator" USING "btree" ("user_id", "type") WHERE ("type" IN ('totp', 'recovery_codes'));

CREATE UNIQUE INDEX "unique_primary_email" ON "account_emailaddress" USING "btree" ("user_id", "primary") WHERE "primary";

CREATE UNIQUE INDEX "unique_verified_email" ON "account_emailaddress" USING "btree" ("email") WHERE "verified";

CREATE INDEX "usersessions_usersession_session_key_fd35de43_like" ON "usersessions_usersession" USING "btree" ("session_key" "varchar_pattern_ops");

CREATE INDEX "usersessions_usersession_user_id_af5e0a6d" ON "usersessions_usersession" USING "btree" ("user_id");

CREATE TRIGGER "attempt_moves" BEFORE UPDATE ON "payments_attempt" FOR EACH ROW EXECUTE FUNCTION "payments_attempt_moves"();

CREATE TRIGGER "audit_append_only" BEFORE DELETE OR UPDATE OR TRUNCATE ON "audit_change" FOR EACH STATEMENT EXECUTE FUNCTION "audit_refuse"();

CREATE TRIGGER "book_import_moves" BEFORE UPDATE ON "clientarea_bookimport" FOR EACH ROW EXECUTE FUNCTION "clientarea_book_import_moves"();

CREATE TRIGGER "book_record_stays" BEFORE DELETE OR UPDATE ON "clientarea_bookrecord" FOR EACH ROW EXECUTE FUNCTION "clientarea_book_record_stays"();

CREATE TRIGGER "credit_note_never_changes" BEFORE DELETE OR UPDATE ON "payments_creditnote" FOR EACH ROW EXECUTE FUNCTION "payments_never_changes"();

CREATE CONSTRAINT TRIGGER "credit_note_number_follows" AFTER INSERT ON "payments_creditnote" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "payments_number_follows"('SELECT NOT EXISTS (SELECT 1 FROM %1$I.%2$I WHERE resolution_id = ($1 ->> ''resolution_id'')::bigint AND number < ($1 ->> ''number'')::bigint)');

CREATE TRIGGER "credit_use_never_changes" BEFORE DELETE OR UPDATE ON "payments_credituse" FOR EACH ROW EXECUTE FUNCTION "payments_never_changes"();

CREATE TRIGGER "event_is_kept" BEFORE DELETE OR UPDATE ON "pqrs_caseevent" FOR EACH ROW EXECUTE FUNCTION "pqrs_event_is_kept"();

CREATE TRIGGER "events_are_kept" BEFORE TRUNCATE ON "pqrs_caseevent" FOR EACH STATEMENT EXECUTE FUNCTION "pqrs_event_is_kept"();

CREATE TRIGGER "file_event_is_kept" BEFORE DELETE OR UPDATE ON "clientarea_fileevent" FOR EACH ROW EXECUTE FUNCTION "clientarea_event_is_kept"();

CREATE CONSTRAINT TRIGGER "invoice_number_follows" AFTER INSERT ON "payments_invoice" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (("new"."resolution_id" IS NOT NULL)) EXECUTE FUNCTION "payments_number_follows"('SELECT NOT EXISTS (SELECT 1 FROM %1$I.%2$I WHERE resolution_id = ($1 ->> ''resolution_id'')::bigint AND number < ($1 ->> ''number'')::bigint)');

CREATE TRIGGER "invoice_stays" BEFORE UPDATE ON "payments_invoice" FOR EACH ROW EXECUTE FUNCTION "payments_invoice_stays"();

CREATE TRIGGER "issued_invoice_stays" BEFORE DELETE ON "payments_invoice" FOR EACH ROW WHEN (("old"."resolution_id" IS NOT NULL)) EXECUTE FUNCTION "payments_never_changes"();

CREATE TRIGGER "movement_never_changes" BEFORE DELETE OR UPDATE ON "payments_movement" FOR EACH ROW EXECUTE FUNCTION "payments_goes_by_undo"();

CREATE CONSTRAINT TRIGGER "movement_sums" AFTER INSERT ON "payments_movement" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "payments_sums_agree"();

CREATE CONSTRAINT TRIGGER "notes_agree" AFTER INSERT ON "payments_creditnote" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "payments_notes_agree"();

CREATE TRIGGER "payment_moves" BEFORE UPDATE ON "payments_payment" FOR EACH ROW EXECUTE FUNCTION "payments_payment_moves"();

CREATE CONSTRAINT TRIGGER "payout_number_follows" AFTER INSERT ON "payments_payout" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((("new"."prefix")::"text" = 'EG'::"text") AND ("new"."number" > 1))) EXECUTE FUNCTION "payments_number_follows"('SELECT NOT EXISTS (SELECT 1 FROM %1$I.payments_payoutline WHERE payout_id = ($1 ->> ''id'')::bigint)');

CREATE TRIGGER "policy_text_published_stays" BEFORE DELETE OR UPDATE ON "accounts_policytext" FOR EACH ROW WHEN ((("old"."state")::"text" = 'published'::"text")) EXECUTE FUNCTION "policy_text_refuse"();

CREATE TRIGGER "receipt_never_changes" BEFORE DELETE OR UPDATE ON "payments_receipt" FOR EACH ROW EXECUTE FUNCTION "payments_goes_by_undo"();

CREATE CONSTRAINT TRIGGER "receipt_number_follows" AFTER INSERT ON "payments_receipt" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((("new"."prefix")::"text" = 'CP'::"text") AND ("new"."number" > 1))) EXECUTE FUNCTION "payments_number_follows"('SELECT source = ''imported'' FROM %1$I.payments_payment WHERE id = ($1 ->> ''payment_id'')::bigint');

CREATE TRIGGER "reversal_fits" AFTER INSERT ON "payments_reversal" FOR EACH ROW EXECUTE FUNCTION "payments_reversal_fits"();

CREATE TRIGGER "reversal_never_changes" BEFORE DELETE OR UPDATE ON "payments_reversal" FOR EACH ROW EXECUTE FUNCTION "payments_never_changes"();

CREATE CONSTRAINT TRIGGER "reversal_number_follows" AFTER INSERT ON "payments_reversal" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (("new"."number" > 1)) EXECUTE FUNCTION "payments_number_follows"();

ALTER TABLE ONLY "account_emailaddress"
    ADD CONSTRAINT "account_emailaddress_user_id_2c513194_fk_accounts_user_id" FOREIGN KEY ("user_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "account_emailconfirmation"
    ADD CONSTRAINT "account_emailconfirm_email_address_id_5b7f8c58_fk_account_e" FOREIGN KEY ("email_address_id") REFERENCES "account_emailaddress"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "accounts_consent"
    ADD CONSTRAINT "accounts_consent_user_id_81cd791f_fk_accounts_user_id" FOREIGN KEY ("user_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "accounts_emailcode"
    ADD CONSTRAINT "accounts_emailcode_user_id_c770d40d_fk_accounts_user_id" FOREIGN KEY ("user_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "api_apikey"
    ADD CONSTRAINT "api_apikey_made_by_id_ae989992_fk_accounts_user_id" FOREIGN KEY ("made_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "api_keptanswer"
    ADD CONSTRAINT "api_keptanswer_api_key_id_c1bcb00c_fk_api_apikey_id" FOREIGN KEY ("api_key_id") REFERENCES "api_apikey"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "api_notice"
    ADD CONSTRAINT "api_notice_address_id_dc38a041_fk_api_noticeaddress_id" FOREIGN KEY ("address_id") REFERENCES "api_noticeaddress"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "api_noticeaddress"
    ADD CONSTRAINT "api_noticeaddress_made_by_id_8029add5_fk_accounts_user_id" FOREIGN KEY ("made_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "api_noticetry"
    ADD CONSTRAINT "api_noticetry_notice_id_e70055f8_fk_api_notice_id" FOREIGN KEY ("notice_id") REFERENCES "api_notice"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_bookfile"
    ADD CONSTRAINT "clientarea_bookfile_book_id_7af73a6b_fk_clientare" FOREIGN KEY ("book_id") REFERENCES "clientarea_bookimport"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_bookimport"
    ADD CONSTRAINT "clientarea_bookimport_made_by_id_5cf9fb53_fk_accounts_user_id" FOREIGN KEY ("made_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_bookline"
    ADD CONSTRAINT "clientarea_bookline_book_id_c7bc73de_fk_clientare" FOREIGN KEY ("book_id") REFERENCES "clientarea_bookimport"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_bookrecord"
    ADD CONSTRAINT "clientarea_bookrecor_book_id_0c01a438_fk_clientare" FOREIGN KEY ("book_id") REFERENCES "clientarea_bookimport"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_calendarfeed"
    ADD CONSTRAINT "clientarea_calendarf_client_id_35a5455a_fk_clientare" FOREIGN KEY ("client_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_client"
    ADD CONSTRAINT "clientarea_client_user_id_2a01fcd6_fk_accounts_user_id" FOREIGN KEY ("user_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_clientfile"
    ADD CONSTRAINT "clientarea_clientfil_client_id_3ae75ba9_fk_clientare" FOREIGN KEY ("client_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_clientfile"
    ADD CONSTRAINT "clientarea_clientfil_event_id_988fe3e5_fk_clientare" FOREIGN KEY ("event_id") REFERENCES "clientarea_fileevent"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_clientfile"
    ADD CONSTRAINT "clientarea_clientfile_lease_id_f4d710bc_fk_clientarea_lease_id" FOREIGN KEY ("lease_id") REFERENCES "clientarea_lease"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_fileevent"
    ADD CONSTRAINT "clientarea_fileevent_request_id_78e71044_fk_clientare" FOREIGN KEY ("request_id") REFERENCES "clientarea_filerequest"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_filerequest"
    ADD CONSTRAINT "clientarea_filereque_client_id_94362d18_fk_clientare" FOREIGN KEY ("client_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_filerequest"
    ADD CONSTRAINT "clientarea_filerequest_lease_id_589787cb_fk_clientarea_lease_id" FOREIGN KEY ("lease_id") REFERENCES "clientarea_lease"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_invitationline"
    ADD CONSTRAINT "clientarea_invitatio_client_id_1a2ef7f9_fk_clientare" FOREIGN KEY ("client_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_invitationline"
    ADD CONSTRAINT "clientarea_invitatio_round_id_39b544d5_fk_clientare" FOREIGN KEY ("round_id") REFERENCES "clientarea_invitationround"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_lease"
    ADD CONSTRAINT "clientarea_lease_co_renter_id_dd446bf0_fk_clientarea_client_id" FOREIGN KEY ("co_renter_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_lease"
    ADD CONSTRAINT "clientarea_lease_renter_id_c81125e2_fk_clientarea_client_id" FOREIGN KEY ("renter_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_lease"
    ADD CONSTRAINT "clientarea_lease_unit_id_eb9477de_fk_clientarea_unit_id" FOREIGN KEY ("unit_id") REFERENCES "clientarea_unit"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_notice"
    ADD CONSTRAINT "clientarea_notice_client_id_7b82c30f_fk_clientarea_client_id" FOREIGN KEY ("client_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_noticechoice"
    ADD CONSTRAINT "clientarea_noticecho_client_id_aea7a399_fk_clientare" FOREIGN KEY ("client_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_ownership"
    ADD CONSTRAINT "clientarea_ownership_owner_id_d1bcd57c_fk_clientarea_client_id" FOREIGN KEY ("owner_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_ownership"
    ADD CONSTRAINT "clientarea_ownership_unit_id_4bf5f04c_fk_clientarea_unit_id" FOREIGN KEY ("unit_id") REFERENCES "clientarea_unit"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_paper"
    ADD CONSTRAINT "clientarea_paper_client_id_926a9201_fk_clientarea_client_id" FOREIGN KEY ("client_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_portalview"
    ADD CONSTRAINT "clientarea_portalvie_client_id_9507f552_fk_clientare" FOREIGN KEY ("client_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "clientarea_portalview"
    ADD CONSTRAINT "clientarea_portalview_staff_id_2c78a71d_fk_accounts_user_id" FOREIGN KEY ("staff_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "mfa_authenticator"
    ADD CONSTRAINT "mfa_authenticator_user_id_0c3a50c0_fk_accounts_user_id" FOREIGN KEY ("user_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_attempt"
    ADD CONSTRAINT "payments_attempt_account_id_c7e74704_fk_payments_" FOREIGN KEY ("account_id") REFERENCES "payments_gatewayaccount"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_attempt"
    ADD CONSTRAINT "payments_attempt_payment_id_a18ea4ce_fk_payments_payment_id" FOREIGN KEY ("payment_id") REFERENCES "payments_payment"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_bankfile"
    ADD CONSTRAINT "payments_bankfile_made_by_id_a87e7670_fk_accounts_user_id" FOREIGN KEY ("made_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_callback"
    ADD CONSTRAINT "payments_callback_attempt_id_c547a382_fk_payments_attempt_id" FOREIGN KEY ("attempt_id") REFERENCES "payments_attempt"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_contact"
    ADD CONSTRAINT "payments_contact_beside_id_8d23009c_fk_payments_contact_id" FOREIGN KEY ("beside_id") REFERENCES "payments_contact"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_contact"
    ADD CONSTRAINT "payments_contact_client_id_535cde3b_fk_clientarea_client_id" FOREIGN KEY ("client_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_creditnote"
    ADD CONSTRAINT "payments_creditnote_client_id_4350245c_fk_clientarea_client_id" FOREIGN KEY ("client_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_creditnote"
    ADD CONSTRAINT "payments_creditnote_invoice_id_9d82bdbf_fk_payments_invoice_id" FOREIGN KEY ("invoice_id") REFERENCES "payments_invoice"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_creditnote"
    ADD CONSTRAINT "payments_creditnote_made_by_id_88148885_fk_accounts_user_id" FOREIGN KEY ("made_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_creditnote"
    ADD CONSTRAINT "payments_creditnote_resolution_id_79d76261_fk_payments_" FOREIGN KEY ("resolution_id") REFERENCES "payments_resolution"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_credituse"
    ADD CONSTRAINT "payments_credituse_client_id_9fe3dc40_fk_clientarea_client_id" FOREIGN KEY ("client_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_credituse"
    ADD CONSTRAINT "payments_credituse_made_by_id_7546f6b4_fk_accounts_user_id" FOREIGN KEY ("made_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_invoice"
    ADD CONSTRAINT "payments_invoice_client_id_2f292f4e_fk_clientarea_client_id" FOREIGN KEY ("client_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_invoice"
    ADD CONSTRAINT "payments_invoice_issued_by_id_2e95fd81_fk_accounts_user_id" FOREIGN KEY ("issued_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_invoice"
    ADD CONSTRAINT "payments_invoice_lease_id_b78c3e77_fk_clientarea_lease_id" FOREIGN KEY ("lease_id") REFERENCES "clientarea_lease"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_invoice"
    ADD CONSTRAINT "payments_invoice_resolution_id_d20b0131_fk_payments_" FOREIGN KEY ("resolution_id") REFERENCES "payments_resolution"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_invoice"
    ADD CONSTRAINT "payments_invoice_run_id_f0cab0de_fk_payments_invoicerun_id" FOREIGN KEY ("run_id") REFERENCES "payments_invoicerun"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_invoice"
    ADD CONSTRAINT "payments_invoice_voided_by_id_3a0f782a_fk_accounts_user_id" FOREIGN KEY ("voided_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_invoiceline"
    ADD CONSTRAINT "payments_invoiceline_about_id_35997bac_fk_payments_invoice_id" FOREIGN KEY ("about_id") REFERENCES "payments_invoice"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_invoiceline"
    ADD CONSTRAINT "payments_invoiceline_invoice_id_d3130943_fk_payments_invoice_id" FOREIGN KEY ("invoice_id") REFERENCES "payments_invoice"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_invoicepaper"
    ADD CONSTRAINT "payments_invoicepape_invoice_id_856544b8_fk_payments_" FOREIGN KEY ("invoice_id") REFERENCES "payments_invoice"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_invoicepaper"
    ADD CONSTRAINT "payments_invoicepaper_made_by_id_c6f820ef_fk_accounts_user_id" FOREIGN KEY ("made_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_invoicerun"
    ADD CONSTRAINT "payments_invoicerun_asked_by_id_8a8c5a55_fk_accounts_user_id" FOREIGN KEY ("asked_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_liquidation"
    ADD CONSTRAINT "payments_liquidation_lease_id_8f48e719_fk_clientarea_lease_id" FOREIGN KEY ("lease_id") REFERENCES "clientarea_lease"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_liquidation"
    ADD CONSTRAINT "payments_liquidation_made_by_id_f117f32d_fk_accounts_user_id" FOREIGN KEY ("made_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_movement"
    ADD CONSTRAINT "payments_movement_attempt_id_78b66818_fk_payments_attempt_id" FOREIGN KEY ("attempt_id") REFERENCES "payments_attempt"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_movement"
    ADD CONSTRAINT "payments_movement_client_id_79109213_fk_clientarea_client_id" FOREIGN KEY ("client_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_movement"
    ADD CONSTRAINT "payments_movement_credit_note_id_4e500afb_fk_payments_" FOREIGN KEY ("credit_note_id") REFERENCES "payments_creditnote"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_movement"
    ADD CONSTRAINT "payments_movement_credit_use_id_6efb712e_fk_payments_" FOREIGN KEY ("credit_use_id") REFERENCES "payments_credituse"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_movement"
    ADD CONSTRAINT "payments_movement_invoice_id_1c1729bf_fk_payments_invoice_id" FOREIGN KEY ("invoice_id") REFERENCES "payments_invoice"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_movement"
    ADD CONSTRAINT "payments_movement_payment_id_96d7a023_fk_payments_payment_id" FOREIGN KEY ("payment_id") REFERENCES "payments_payment"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_movement"
    ADD CONSTRAINT "payments_movement_reversal_id_79877a05_fk_payments_reversal_id" FOREIGN KEY ("reversal_id") REFERENCES "payments_reversal"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_ownerbank"
    ADD CONSTRAINT "payments_ownerbank_owner_id_8bd87340_fk_clientarea_client_id" FOREIGN KEY ("owner_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payment"
    ADD CONSTRAINT "payments_payment_client_id_fcbb7eb4_fk_clientarea_client_id" FOREIGN KEY ("client_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payment"
    ADD CONSTRAINT "payments_payment_credited_by_id_f7287b3e_fk_payments_attempt_id" FOREIGN KEY ("credited_by_id") REFERENCES "payments_attempt"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payment"
    ADD CONSTRAINT "payments_payment_entered_by_id_31d47703_fk_accounts_user_id" FOREIGN KEY ("entered_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_paymentline"
    ADD CONSTRAINT "payments_paymentline_invoice_id_ac14815a_fk_payments_invoice_id" FOREIGN KEY ("invoice_id") REFERENCES "payments_invoice"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_paymentline"
    ADD CONSTRAINT "payments_paymentline_payment_id_22b808e3_fk_payments_payment_id" FOREIGN KEY ("payment_id") REFERENCES "payments_payment"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payout"
    ADD CONSTRAINT "payments_payout_lease_id_df857f54_fk_clientarea_lease_id" FOREIGN KEY ("lease_id") REFERENCES "clientarea_lease"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payout"
    ADD CONSTRAINT "payments_payout_owner_id_69b9eb2b_fk_clientarea_client_id" FOREIGN KEY ("owner_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payoutcommission"
    ADD CONSTRAINT "payments_payoutcommi_invoice_id_80c57779_fk_payments_" FOREIGN KEY ("invoice_id") REFERENCES "payments_invoice"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payoutcommission"
    ADD CONSTRAINT "payments_payoutcommi_line_id_229ad433_fk_payments_" FOREIGN KEY ("line_id") REFERENCES "payments_payoutline"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payoutcommission"
    ADD CONSTRAINT "payments_payoutcommi_movement_id_82e7ad79_fk_payments_" FOREIGN KEY ("movement_id") REFERENCES "payments_movement"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payoutdeduction"
    ADD CONSTRAINT "payments_payoutdeduc_line_id_46f72c44_fk_payments_" FOREIGN KEY ("line_id") REFERENCES "payments_payoutline"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payoutdeduction"
    ADD CONSTRAINT "payments_payoutdeduc_made_by_id_a1cb3741_fk_accounts_" FOREIGN KEY ("made_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payoutline"
    ADD CONSTRAINT "payments_payoutline_liquidation_id_657ce027_fk_payments_" FOREIGN KEY ("liquidation_id") REFERENCES "payments_liquidation"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payoutline"
    ADD CONSTRAINT "payments_payoutline_order_id_0d44a46e_fk_payments_" FOREIGN KEY ("order_id") REFERENCES "payments_payoutorder"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payoutline"
    ADD CONSTRAINT "payments_payoutline_payout_id_2f3f8170_fk_payments_payout_id" FOREIGN KEY ("payout_id") REFERENCES "payments_payout"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payoutorder"
    ADD CONSTRAINT "payments_payoutorder_owner_id_5f9925a6_fk_clientarea_client_id" FOREIGN KEY ("owner_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payoutorder"
    ADD CONSTRAINT "payments_payoutorder_paid_by_id_d1e27e00_fk_accounts_user_id" FOREIGN KEY ("paid_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payoutorder"
    ADD CONSTRAINT "payments_payoutorder_reviewed_by_id_a91d7a9c_fk_accounts_" FOREIGN KEY ("reviewed_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payoutsource"
    ADD CONSTRAINT "payments_payoutsourc_liquidation_id_6f04be05_fk_payments_" FOREIGN KEY ("liquidation_id") REFERENCES "payments_liquidation"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_payoutsource"
    ADD CONSTRAINT "payments_payoutsourc_movement_id_459caffd_fk_payments_" FOREIGN KEY ("movement_id") REFERENCES "payments_movement"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_proof"
    ADD CONSTRAINT "payments_proof_made_by_id_9ea06d0a_fk_accounts_user_id" FOREIGN KEY ("made_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_proof"
    ADD CONSTRAINT "payments_proof_payment_id_7730e3bf_fk_payments_payment_id" FOREIGN KEY ("payment_id") REFERENCES "payments_payment"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_receipt"
    ADD CONSTRAINT "payments_receipt_client_id_90c9cb69_fk_clientarea_client_id" FOREIGN KEY ("client_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_receipt"
    ADD CONSTRAINT "payments_receipt_payment_id_5c31062a_fk_payments_payment_id" FOREIGN KEY ("payment_id") REFERENCES "payments_payment"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_receiptfile"
    ADD CONSTRAINT "payments_receiptfile_receipt_id_f0be32e3_fk_payments_receipt_id" FOREIGN KEY ("receipt_id") REFERENCES "payments_receipt"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_refund"
    ADD CONSTRAINT "payments_refund_attempt_id_0b419ab4_fk_payments_attempt_id" FOREIGN KEY ("attempt_id") REFERENCES "payments_attempt"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_refund"
    ADD CONSTRAINT "payments_refund_made_by_id_f6eba629_fk_accounts_user_id" FOREIGN KEY ("made_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_refund"
    ADD CONSTRAINT "payments_refund_payment_id_a70693f7_fk_payments_payment_id" FOREIGN KEY ("payment_id") REFERENCES "payments_payment"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_reminder"
    ADD CONSTRAINT "payments_reminder_contact_id_f463443f_fk_payments_contact_id" FOREIGN KEY ("contact_id") REFERENCES "payments_contact"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_reminder"
    ADD CONSTRAINT "payments_reminder_invoice_id_fcf4315e_fk_payments_invoice_id" FOREIGN KEY ("invoice_id") REFERENCES "payments_invoice"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_rentincrease"
    ADD CONSTRAINT "payments_rentincrease_lease_id_45329d49_fk_clientarea_lease_id" FOREIGN KEY ("lease_id") REFERENCES "clientarea_lease"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_rentincrease"
    ADD CONSTRAINT "payments_rentincrease_made_by_id_d000a9da_fk_accounts_user_id" FOREIGN KEY ("made_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_resolution"
    ADD CONSTRAINT "payments_resolution_made_by_id_db326d60_fk_accounts_user_id" FOREIGN KEY ("made_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_reversal"
    ADD CONSTRAINT "payments_reversal_client_id_b1002cf3_fk_clientarea_client_id" FOREIGN KEY ("client_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_reversal"
    ADD CONSTRAINT "payments_reversal_made_by_id_f263a416_fk_accounts_user_id" FOREIGN KEY ("made_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_reversal"
    ADD CONSTRAINT "payments_reversal_payment_id_5e3aa284_fk_payments_payment_id" FOREIGN KEY ("payment_id") REFERENCES "payments_payment"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_review"
    ADD CONSTRAINT "payments_review_attempt_id_f9cc5cf0_fk_payments_attempt_id" FOREIGN KEY ("attempt_id") REFERENCES "payments_attempt"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_review"
    ADD CONSTRAINT "payments_review_callback_id_b38b1c25_fk_payments_callback_id" FOREIGN KEY ("callback_id") REFERENCES "payments_callback"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_review"
    ADD CONSTRAINT "payments_review_closed_by_id_c84cb2c0_fk_accounts_user_id" FOREIGN KEY ("closed_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_review"
    ADD CONSTRAINT "payments_review_payment_id_dc33352b_fk_payments_payment_id" FOREIGN KEY ("payment_id") REFERENCES "payments_payment"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_runitem"
    ADD CONSTRAINT "payments_runitem_invoice_id_eba269b5_fk_payments_invoice_id" FOREIGN KEY ("invoice_id") REFERENCES "payments_invoice"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_runitem"
    ADD CONSTRAINT "payments_runitem_lease_id_f59b4ed0_fk_clientarea_lease_id" FOREIGN KEY ("lease_id") REFERENCES "clientarea_lease"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_runitem"
    ADD CONSTRAINT "payments_runitem_owner_id_69885417_fk_clientarea_client_id" FOREIGN KEY ("owner_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_runitem"
    ADD CONSTRAINT "payments_runitem_run_id_bea1cbab_fk_payments_invoicerun_id" FOREIGN KEY ("run_id") REFERENCES "payments_invoicerun"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_transferproof"
    ADD CONSTRAINT "payments_transferpro_attempt_id_fdfec776_fk_payments_" FOREIGN KEY ("attempt_id") REFERENCES "payments_attempt"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "payments_transferproof"
    ADD CONSTRAINT "payments_transferpro_decided_by_id_c2abf342_fk_accounts_" FOREIGN KEY ("decided_by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "pqrs_attachment"
    ADD CONSTRAINT "pqrs_attachment_case_id_fbca6e74_fk_pqrs_case_id" FOREIGN KEY ("case_id") REFERENCES "pqrs_case"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "pqrs_attachment"
    ADD CONSTRAINT "pqrs_attachment_message_id_a5d826a3_fk_pqrs_message_id" FOREIGN KEY ("message_id") REFERENCES "pqrs_message"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "pqrs_case"
    ADD CONSTRAINT "pqrs_case_assigned_to_id_278c6a36_fk_accounts_user_id" FOREIGN KEY ("assigned_to_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "pqrs_case"
    ADD CONSTRAINT "pqrs_case_client_id_96249f4d_fk_clientarea_client_id" FOREIGN KEY ("client_id") REFERENCES "clientarea_client"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "pqrs_case"
    ADD CONSTRAINT "pqrs_case_lease_id_6914adfe_fk_clientarea_lease_id" FOREIGN KEY ("lease_id") REFERENCES "clientarea_lease"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "pqrs_case"
    ADD CONSTRAINT "pqrs_case_unit_id_5a6c3f1f_fk_clientarea_unit_id" FOREIGN KEY ("unit_id") REFERENCES "clientarea_unit"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "pqrs_caseevent"
    ADD CONSTRAINT "pqrs_caseevent_by_id_2af99922_fk_accounts_user_id" FOREIGN KEY ("by_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "pqrs_caseevent"
    ADD CONSTRAINT "pqrs_caseevent_case_id_2643bc8f_fk_pqrs_case_id" FOREIGN KEY ("case_id") REFERENCES "pqrs_case"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "pqrs_caseevent"
    ADD CONSTRAINT "pqrs_caseevent_message_id_07ad129d_fk_pqrs_message_id" FOREIGN KEY ("message_id") REFERENCES "pqrs_message"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "pqrs_message"
    ADD CONSTRAINT "pqrs_message_case_id_25df0bae_fk_pqrs_case_id" FOREIGN KEY ("case_id") REFERENCES "pqrs_case"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "pqrs_note"
    ADD CONSTRAINT "pqrs_note_case_id_021b6135_fk_pqrs_case_id" FOREIGN KEY ("case_id") REFERENCES "pqrs_case"("id") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY "usersessions_usersession"
    ADD CONSTRAINT "usersessions_usersession_user_id_af5e0a6d_fk_accounts_user_id" FOREIGN KEY ("user_id") REFERENCES "accounts_user"("id") DEFERRABLE INITIALLY DEFERRED;
