"""Object stores behind one port: a folder or S3."""
