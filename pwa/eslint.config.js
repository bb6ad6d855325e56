import js from '@eslint/js'
import vue from 'eslint-plugin-vue'
import globals from 'globals'
import ts from 'typescript-eslint'

export default ts.config(
  { ignores: ['dist/**', 'dev-dist/**', 'src/engine/documents.generated.ts'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...ts.configs.stylistic,
  ...vue.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    languageOptions: { globals: { ...globals.browser } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      // vue-tsc does this, and knows the globals of each part.
      'no-undef': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      // One line for short tags reads better; formatting is not what lint is for.
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/first-attribute-linebreak': 'off',
      // Pages are named by what they show.
      'vue/multi-word-component-names': 'off',
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/no-v-html': 'error',
    },
  },
  {
    // The engine runs without any interface: it could drive another one, or a test.
    files: ['src/engine/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: ['vue', 'pinia', 'vue-router', 'vue-i18n', 'vant'],
          patterns: ['**/features/**', '**/components/**', '**/composables/**', '@/*'],
        },
      ],
    },
  },
  {
    files: ['src/features/**', 'src/components/**', 'src/composables/**', 'src/*.ts', 'src/*.vue'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^pouchdb', message: 'The engine owns the local databases.' }, { group: ['**/engine/*', '!**/engine/testing'], message: 'Use the face: engine/index.ts.' }] },
      ],
    },
  },
  {
    files: ['scripts/**', '*.config.*', 'tests/**'],
    languageOptions: { globals: { ...globals.node } },
    rules: { 'no-console': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
)
