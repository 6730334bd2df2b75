-- Average time that a copy takes on the device. Times are nanoseconds, so a thousandth is microseconds.
SELECT AVG((end - start) / 1000.0) AS "average us"
FROM CUPTI_ACTIVITY_KIND_MEMCPY
