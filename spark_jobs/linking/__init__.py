"""Which codes and spellings are the same firm: pure functions of the job `identity`."""
