"""What is read at the desk: documents, the reference of elements, the check, the control API."""
