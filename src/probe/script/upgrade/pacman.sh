
# The solver of pacman.
upgrade_pacman() {
	said cannot not-supported "pacman is not asked"
}
