"""What production needs: settings, files of deploy/, and the commands of the life of an agency."""
