"""Families of features over daily measures of enterprises: declared, named and computed."""
