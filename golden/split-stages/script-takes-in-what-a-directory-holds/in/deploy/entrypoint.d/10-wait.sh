log "waiting"
curl -fsS --retry 5 http://example.com/ready
