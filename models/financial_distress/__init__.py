"""Financial distress by an enterprise's newest statement: Altman's Z'' as published."""
