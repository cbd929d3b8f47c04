-- The trunk of a call: a field of its first event; calls from before have none.
DROP VIEW calls;
CREATE VIEW calls AS
SELECT call,
       strftime('%Y-%m-%d %H:%M:%SZ', min(at) / 1000000, 'unixepoch') AS began,
       max(iif(kind IN ('arrived', 'calling_back'), detail ->> '$.trunk', NULL)) AS trunk,
       max(iif(kind = 'arrived', detail ->> '$.line', NULL)) AS line,
       max(iif(kind = 'arrived', detail ->> '$.called', NULL)) AS called,
       max(iif(kind = 'connected', detail ->> '$.operator', NULL)) AS operator,
       sum(iif(kind = 'talk_ended', detail ->> '$.talked_ms', 0)) / 1000 AS talked_s,
       max(iif(kind = 'ended', detail ->> '$.lasted_ms', NULL)) / 1000 AS lasted_s,
       max(iif(kind = 'ended', detail ->> '$.cause', NULL)) AS cause
FROM call_events
GROUP BY call;
