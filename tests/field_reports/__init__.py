"""Inputs that failed for people who do this job: public reports, each with the right result."""
