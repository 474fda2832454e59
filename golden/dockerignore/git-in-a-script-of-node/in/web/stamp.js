require('node:child_process').execFileSync('git', ['rev-parse', 'HEAD'])
