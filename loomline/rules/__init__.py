"""Risk rules over named values of enterprises: declared, checked, compiled and explained."""
