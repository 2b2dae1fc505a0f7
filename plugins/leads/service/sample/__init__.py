"""Made-up leads with a past: who asks an agency for which trip, and how it went, for demonstrations and benchmarks."""
