"""The reports: what a portfolio looked like on a date, as one HTML page and one XLSX workbook."""
