"""Ways out: voice, SMS, e-mail. A carrier is a folder and one line in the catalog."""
