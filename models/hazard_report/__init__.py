"""The validation report of a version of a hazard: early warning, failures of machines."""
