"""What an organisation files with the national platform, gathered from the log; unconfirmed columns."""
