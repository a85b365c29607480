// Verify.
