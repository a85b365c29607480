"""The desk beside the yard: labels, rows of a workbook, the platform's columns, vehicles by their VIN."""
