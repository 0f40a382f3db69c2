"""Who approved which version of a model: a record that only grows, its rules, its checks."""
