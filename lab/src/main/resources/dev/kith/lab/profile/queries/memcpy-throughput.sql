-- Average throughput of copies by where they go: bytes a nanosecond are GB/s.
SELECT ENUM_CUDA_MEMCPY_OPER.label AS copy,
       COUNT(*) AS copies,
       SUM(bytes) AS bytes,
       AVG(1.0 * bytes / (end - start)) AS "average GB/s"
FROM CUPTI_ACTIVITY_KIND_MEMCPY JOIN ENUM_CUDA_MEMCPY_OPER ON copyKind = id
GROUP BY copyKind
