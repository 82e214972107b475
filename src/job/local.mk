EXTRA_DIST += src/job/job.h
