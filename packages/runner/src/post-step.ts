/** The argument by which `post.js` says that the bundle is to run the action's post step. */
export const POST_STEP = 'post';

/** The program `post.js` of every action that has a post step: it loads the bundle beside it. */
export const POST_PROGRAM = `process.argv[2] = '${POST_STEP}';\nrequire('./index.js');\n`;
