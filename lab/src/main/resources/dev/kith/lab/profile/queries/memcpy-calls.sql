-- Average and total time of the calls that copy, as the program on the CPU sees them.
SELECT s.value AS call,
       COUNT(*) AS calls,
       AVG(end - start) AS "average ns",
       SUM(end - start) AS "total ns"
FROM CUPTI_ACTIVITY_KIND_RUNTIME r JOIN StringIds s ON r.nameId = s.id
WHERE s.value LIKE '%Memcpy%'
GROUP BY s.value
ORDER BY SUM(end - start) DESC
