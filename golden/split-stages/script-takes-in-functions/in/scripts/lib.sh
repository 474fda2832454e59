read_secrets() {
	for file in /run/secrets/*; do
		export "$(basename "$file")=$(cat "$file")"
	done
}
