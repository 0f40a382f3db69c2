"""How late debtors pay and how short suppliers deliver, by their own past."""
