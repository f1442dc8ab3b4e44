
# The solver of apk.
upgrade_apk() {
	said cannot not-supported "apk is not asked"
}
