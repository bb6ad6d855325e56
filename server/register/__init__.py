"""Import of households from the spreadsheets that communities keep."""
