import { execSync } from 'node:child_process'

export default { define: { revision: JSON.stringify(execSync('git rev-parse HEAD')) } }
