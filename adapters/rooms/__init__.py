"""What consultations need beside the desk: files, partners' backlog, who points where, the conference system."""
