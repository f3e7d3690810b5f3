"""SQLite files: connections, migrations, backups and the lock of a data folder."""
