"""Working hours, holidays and absences: when an agency, a team and a member are at work."""
