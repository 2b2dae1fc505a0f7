"""The ledger's statements. Every time in them is the database's: workers' clocks may differ."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, Interval, Text, Uuid, bindparam, text
from sqlalchemy.sql.elements import TextClause

_KINDS: dict[str, Any] = {
    "ids": ARRAY(Uuid()),
    "tokens": ARRAY(Uuid()),
    "names": ARRAY(Text()),
    "queues": ARRAY(Text()),
    "agency_id": Uuid(),
    "lease": Interval(),
    "delay": Interval(),
    "backoff": Interval(),
    "keep_done": Interval(),
    "keep_dead": Interval(),
}


_PARTS = {
    "waits": "state = 'queued' AND due AND queue = :queue AND name = ANY(CAST(:names AS text[]))",
    "ours": "id = :id AND lease_token = :token AND state = 'running'",
    # In one order everywhere: two statements over the same jobs must not wait for each other.
    "held": """
        SELECT job.id FROM core_job AS job
        JOIN (SELECT unnest(CAST(:ids AS uuid[])) AS id, unnest(CAST(:tokens AS uuid[])) AS token) AS mine
            ON job.id = mine.id AND job.lease_token = mine.token
        WHERE job.state = 'running' ORDER BY job.id FOR UPDATE OF job
    """,
    "back": "CASE WHEN cancel_requested THEN 'cancelled' ELSE 'queued' END",
    "if_cancelled": "CASE WHEN cancel_requested THEN clock_timestamp() END",
    "works": "NOT EXISTS (SELECT FROM core_agency AS rests WHERE rests.id = agency_id AND suspended_at IS NOT NULL)",
    "silent": "state = 'running' AND lease_until < now()",
    "in_agency": "(CAST(:agency_id AS uuid) IS NULL OR job.agency_id = :agency_id)",
    "let_go": "lease_token = NULL, lease_until = NULL",
}


def _statement(sql: str) -> TextClause:
    whole = sql.format(**_PARTS)
    binds = (bindparam(name, type_=kind) for name, kind in _KINDS.items() if f":{name}" in whole)
    return text(whole).bindparams(*binds)


CLAIM = _statement("""
WITH RECURSIVE waiting AS (
    (SELECT agency_id, priority FROM core_job WHERE {waits} AND agency_id IS NOT NULL
     ORDER BY agency_id, priority LIMIT 1)
    UNION ALL
    SELECT further.agency_id, further.priority FROM waiting CROSS JOIN LATERAL (
        SELECT agency_id, priority FROM core_job
        WHERE {waits} AND (agency_id, priority) > (waiting.agency_id, waiting.priority)
        ORDER BY agency_id, priority LIMIT 1
    ) AS further
), lines AS (
    -- What a suspended agency has waiting rests until it works again.
    SELECT agency_id, priority FROM waiting WHERE NOT EXISTS (
        SELECT FROM core_agency WHERE core_agency.id = waiting.agency_id AND suspended_at IS NOT NULL
    )
), first AS MATERIALIZED (
    SELECT least(
        (SELECT min(priority) FROM lines),
        (SELECT priority FROM core_job WHERE {waits} AND agency_id IS NULL ORDER BY priority LIMIT 1)
    ) AS priority
), busy AS (
    SELECT agency_id, count(*) AS jobs FROM core_job WHERE state = 'running' AND queue = :queue GROUP BY agency_id
), turns AS MATERIALIZED (
    SELECT lines.agency_id, coalesce(busy.jobs, 0) AS busy
    FROM lines JOIN first ON first.priority = lines.priority LEFT JOIN busy ON busy.agency_id = lines.agency_id
    ORDER BY busy, random() LIMIT :most
), picks AS MATERIALIZED (
    SELECT head.*, turns.busy FROM turns CROSS JOIN LATERAL (
        SELECT id, run_at, attempt = 0 AND max_attempts > 1 AS fresh FROM core_job
        WHERE {waits} AND agency_id = turns.agency_id AND priority = (SELECT priority FROM first)
        ORDER BY run_at LIMIT (SELECT ceil(CAST(:most AS numeric) / count(*)) FROM turns) FOR UPDATE SKIP LOCKED
    ) AS head
    UNION ALL
    SELECT head.*, 0 FROM (
        SELECT id, run_at, attempt = 0 AND max_attempts > 1 AS fresh FROM core_job
        WHERE {waits} AND agency_id IS NULL AND priority = (SELECT priority FROM first)
        ORDER BY run_at LIMIT :most FOR UPDATE SKIP LOCKED
    ) AS head
), ordered AS MATERIALIZED (
    SELECT id, fresh, row_number() OVER (ORDER BY busy, run_at) AS place FROM picks
), chosen AS (
    SELECT id FROM ordered
    WHERE place = 1 OR (fresh AND place <= :most AND (SELECT fresh FROM ordered WHERE place = 1))
), relaxed AS MATERIALIZED (
    -- A claim that a crash of the database forgets was never made.
    SELECT set_config('synchronous_commit', 'off', true)
)
UPDATE core_job AS job SET state = 'running', attempt = job.attempt + 1, lease_token = gen_random_uuid(),
    lease_until = clock_timestamp() + :lease, started_at = clock_timestamp()
FROM chosen, relaxed WHERE job.id = chosen.id
RETURNING job.id, job.name, job.payload, job.attempt, job.max_attempts, job.lease_token AS token, job.agency_id,
    job.user_id, job.request_id, job.progress IS NOT NULL AS reported
""")

FINISH = _statement("""
UPDATE core_job SET state = 'done', finished_at = clock_timestamp(), {let_go}
WHERE id IN ({held}) RETURNING id
""")

RELEASE = _statement("""
UPDATE core_job SET state = {back}, finished_at = {if_cancelled}, attempt = attempt - 1, started_at = NULL, {let_go},
    due = :delay <= interval '0', run_at = CASE WHEN :delay <= interval '0' THEN run_at ELSE now() + :delay END
WHERE id IN ({held}) RETURNING id
""")

# What is locked is coming to its end just now.
ABANDON = _statement("UPDATE core_job SET lease_until = now() WHERE id IN ({held} SKIP LOCKED) RETURNING id")

# A job whose commit waits for somebody must not keep the heartbeat from the others: they would all be taken back.
# Nobody takes back what is locked.
RENEW = _statement("""
WITH renewed AS (
    UPDATE core_job SET lease_until = clock_timestamp() + :lease WHERE id IN ({held} SKIP LOCKED)
)
SELECT job.id, job.cancel_requested FROM core_job AS job
JOIN (SELECT unnest(CAST(:ids AS uuid[])) AS id, unnest(CAST(:tokens AS uuid[])) AS token) AS mine
    ON job.id = mine.id AND job.lease_token = mine.token
WHERE job.state = 'running'
""")

REPORT = _statement("""
UPDATE core_job SET progress = CAST(:progress AS jsonb) WHERE {ours} RETURNING cancel_requested
""")

RETRY = _statement("""
UPDATE core_job SET state = {back}, finished_at = {if_cancelled}, due = false, run_at = now() + :delay,
    last_error = :error, {let_go}
WHERE {ours} RETURNING state
""")

END = _statement("""
UPDATE core_job SET state = :state, finished_at = clock_timestamp(), last_error = coalesce(:error, last_error),
    {let_go}
WHERE {ours} RETURNING id
""")

PROMOTE = _statement("""
WITH risen AS (
    UPDATE core_job SET due = true WHERE id IN (
        SELECT id FROM core_job WHERE state = 'queued' AND NOT due AND run_at <= now()
        ORDER BY run_at LIMIT 5000 FOR UPDATE SKIP LOCKED
    ) RETURNING queue
) SELECT DISTINCT queue FROM risen
""")

TAKE_BACK = _statement("""
UPDATE core_job SET {let_go}, last_error = 'The worker that ran it ended without a word',
    state = {back}, finished_at = {if_cancelled},
    -- The first time at once: most workers end because they are replaced. Then later and later, because a job that
    -- takes its process down takes its neighbours along.
    due = attempt <= 1,
    run_at = CASE WHEN attempt <= 1 THEN run_at
        ELSE now() + :backoff * ((power(2, least(attempt - 1, 10)) - 1) * random()) END
WHERE id IN (
    SELECT id FROM core_job WHERE {silent} AND (attempt < max_attempts OR cancel_requested)
    LIMIT 1000 FOR UPDATE SKIP LOCKED
) RETURNING queue
""")

# The sweeper takes their leases over: a worker that was only slow cannot renew them meanwhile, nor another sweeper come
# in between.
SPENT = _statement("""
UPDATE core_job SET lease_token = gen_random_uuid(), lease_until = clock_timestamp() + interval '30 s'
WHERE id IN (
    SELECT id FROM core_job WHERE {silent} AND attempt >= max_attempts AND NOT cancel_requested
    LIMIT 100 FOR UPDATE SKIP LOCKED
) RETURNING id, name, queue, lease_token AS token, agency_id, user_id
""")

WAITING = _statement("""
SELECT asked.queue FROM unnest(CAST(:queues AS text[])) AS asked (queue)
WHERE EXISTS (SELECT 1 FROM core_job AS job WHERE job.queue = asked.queue AND job.state = 'queued' AND job.due)
""")

FORGET = _statement("""
DELETE FROM core_job WHERE id IN (
    SELECT id FROM core_job WHERE finished_at < now() - :keep_done AND state <> 'dead'
    UNION ALL
    SELECT id FROM core_job WHERE finished_at < now() - :keep_dead AND state = 'dead'
    LIMIT 5000
) RETURNING id
""")

LINES = _statement("""
SELECT queue, 'due' AS state, count(*) AS jobs,
    greatest(0, extract(epoch FROM now() - min(run_at)))::float8 AS oldest_seconds
FROM core_job WHERE state = 'queued' AND due AND {works} GROUP BY queue
UNION ALL
SELECT queue, 'later', count(*), 0 FROM core_job WHERE state = 'queued' AND NOT (due AND {works}) GROUP BY queue
UNION ALL
SELECT queue, 'running', count(*), 0 FROM core_job WHERE state = 'running' GROUP BY queue
""")

REPEAT = _statement("""
UPDATE core_job AS job SET state = 'queued', due = true, run_at = now(), attempt = 0, cancel_requested = false,
    progress = NULL, started_at = NULL, finished_at = NULL
WHERE id = :id AND {in_agency} AND (state IN ('dead', 'cancelled') OR (state = 'queued' AND NOT due))
    AND NOT EXISTS (
        SELECT 1 FROM core_job AS other WHERE other.id <> job.id AND other.unique_key = job.unique_key
            AND other.name = job.name AND other.agency_id IS NOT DISTINCT FROM job.agency_id
            AND other.state IN ('queued', 'running')
    )
RETURNING queue
""")

DISCARD = _statement("""
UPDATE core_job AS job SET state = 'cancelled', finished_at = now()
WHERE id = :id AND {in_agency} AND state = 'dead' RETURNING queue
""")

CANCEL = _statement("""
UPDATE core_job AS job SET state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END,
    finished_at = CASE state WHEN 'queued' THEN now() END, cancel_requested = true
WHERE id = :id AND {in_agency} AND state IN ('queued', 'running') RETURNING queue
""")
