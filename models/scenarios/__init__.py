"""What the economy does to default probabilities: scenarios of real history."""
