"""The portfolio report: grades, model, concentration, data quality."""
