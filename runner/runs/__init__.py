"""The stored documents of a run: journal, records, plan, head and index entry."""
